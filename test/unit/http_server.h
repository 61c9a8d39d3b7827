// A small HTTP server on a loopback port for the tests: it can answer well, badly, late or not at
// all, byte by byte.
#ifndef ARGO_TEST_UNIT_HTTP_SERVER_H_
#define ARGO_TEST_UNIT_HTTP_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace argo::testing {

struct Request {
  std::string target;                          // "/v1/channels?limit=100"
  std::map<std::string, std::string> headers;  // names in lower case

  bool begins_with(const std::string& text) const {
    return target.compare(0, text.size(), text) == 0;
  }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
  // Returns the first value of a query parameter, as it was sent.
  std::string query(const std::string& name) const {
    for (const char* mark : {"?", "&"}) {
      const std::size_t at = target.find(mark + name + "=");
      if (at == std::string::npos)
        continue;
      const std::size_t from = at + name.size() + 2;
      return target.substr(from, target.find('&', from) - from);
    }
    return {};
  }
};

struct Reply {
  enum class Then : std::uint8_t { kKeep, kClose, kReset, kHang };

  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> raw;  // sent as it is instead of all above
  Then then = Then::kKeep;
  int delay_ms = 0;
};

inline Reply raw_reply(std::string bytes, Reply::Then then) {
  Reply reply;
  reply.raw = std::move(bytes);
  reply.then = then;
  return reply;
}

inline Reply hang() {
  return raw_reply("", Reply::Then::kHang);
}

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class HttpServer {
 public:
  using Handler = std::function<Reply(const Request&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || bind(listener_, generic, size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, generic, &size) != 0)
      throw std::runtime_error("no loopback port");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~HttpServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      shutdown(listener_, SHUT_RDWR);
      for (const int connection : connections_)
        shutdown(connection, SHUT_RDWR);
    }
    stopped_.notify_all();
    acceptor_.join();
    for (std::thread& thread : threads_)
      thread.join();
    close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

  // Returns the requests so far, in the order in which they came.
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Returns how many requests went to targets that begin so.
  int count(const std::string& prefix = "/") const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(requests_.begin(), requests_.end(),
                                          [&](const Request& r) { return r.begins_with(prefix); }));
  }
  // Returns the largest number of requests that waited for an answer at one time.
  int peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
  }

 private:
  void accept_all() {
    while (true) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      if (connection < 0 || stopping_) {
        if (connection >= 0)
          close(connection);
        return;
      }
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { serve(connection); });
    }
  }

  void serve(int connection) {
    std::string input;
    Request request;
    while (read_request(connection, input, request) && answer(connection, request)) {
    }
    const std::lock_guard lock(mutex_);
    connections_.erase(std::find(connections_.begin(), connections_.end(), connection));
    close(connection);
  }

  static bool read_request(int connection, std::string& input, Request& request) {
    std::size_t end = 0;
    while ((end = input.find("\r\n\r\n")) == std::string::npos) {
      char buffer[4096];
      const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
      if (got <= 0)
        return false;
      input.append(buffer, static_cast<std::size_t>(got));
    }
    request = {};
    const std::size_t space = input.find(' ');
    request.target = input.substr(space + 1, input.find(' ', space + 1) - space - 1);
    for (std::size_t at = input.find("\r\n") + 2; at < end;) {
      const std::size_t next = input.find("\r\n", at);
      const std::size_t colon = input.find(": ", at);
      std::string name = input.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      });
      request.headers[name] = input.substr(colon + 2, next - colon - 2);
      at = next + 2;
    }
    input.erase(0, end + 4);
    return true;
  }

  // Answers and says whether the connection goes on.
  bool answer(int connection, const Request& request) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      peak_ = std::max(peak_, ++open_);
    }
    const Reply reply = handler_(request);
    {
      std::unique_lock lock(mutex_);
      stopped_.wait_for(lock, std::chrono::milliseconds(reply.delay_ms),
                        [this] { return stopping_; });
      --open_;
    }
    send_all(connection, reply.raw ? *reply.raw : to_bytes(reply));
    if (reply.then == Reply::Then::kHang) {
      char byte = 0;
      while (recv(connection, &byte, 1, 0) > 0) {
      }
    } else if (reply.then == Reply::Then::kReset) {
      const linger abort{1, 0};
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    }
    return reply.then == Reply::Then::kKeep;
  }

  static std::string to_bytes(const Reply& reply) {
    std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\n";
    for (const auto& [name, value] : reply.headers)
      out.append(name).append(": ").append(value).append("\r\n");
    out += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
    return out + reply.body;
  }

  static void send_all(int connection, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t sent = send(connection, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0)
        return;
      at += static_cast<std::size_t>(sent);
    }
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::vector<Request> requests_;
  int open_ = 0;
  int peak_ = 0;
};

}  // namespace argo::testing

#endif  // ARGO_TEST_UNIT_HTTP_SERVER_H_

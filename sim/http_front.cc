// Serves HTTP with cpp-httplib on connections of our own, which stop at once and count.
#include "http_front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "connection.h"
#include "gzip.h"
#include "http_lib.h"
#include "text.h"

namespace argo::sim {
namespace {

constexpr int kKeepAliveMs = 120'000;

// The connection that the current thread serves.
struct Current {
  Connection* connection = nullptr;
  int64_t number = 0;
};
thread_local Current current;

// Translates a request.
Request translate(const httplib::Request& from) {
  Request to;
  to.path = plain_path(from.path);
  if (const size_t mark = from.target.find('?'); mark != std::string::npos) {
    to.query = from.target.substr(mark + 1);
  }
  to.params = from.params;
  to.api_key = from.get_header_value("X-Eniscope-API");
  to.authorization = from.get_header_value("Authorization");
  to.token = from.get_header_value("X-Eniscope-Token");
  to.accepts_gzip = from.get_header_value("Accept-Encoding").find("gzip") != std::string::npos;
  return to;
}

}  // namespace

class HttpFront::Server : public httplib::Server {
 public:
  Server(Api& api, const HttpOptions& options, const std::atomic<bool>& stopping)
      : api_(api), stopping_(stopping) {
    if (!options.certificate.empty()) {
      tls_ = SSL_CTX_new(TLS_server_method());
      if (SSL_CTX_use_certificate_chain_file(tls_, options.certificate.c_str()) != 1 ||
          SSL_CTX_use_PrivateKey_file(tls_, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(tls_);
        throw std::runtime_error("could not load the certificate or its key");
      }
    }
    const size_t threads = options.threads;
    new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
    set_tcp_nodelay(true);
    set_keep_alive_timeout(kKeepAliveMs / 1000);
    set_keep_alive_max_count(1'000'000);
    // Requests without a body are answered before cpp-httplib's slow pattern matching.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      if (request.method != "GET") {
        return HandlerResponse::Unhandled;
      }
      handle(request, response);
      return HandlerResponse::Handled;
    });
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response) {
      handle(request, response);
    };
    Post("/.*", with_body);
    Put("/.*", with_body);
    Delete("/.*", with_body);
  }

  ~Server() override { SSL_CTX_free(tls_); }

 private:
  // Serves one connection until it ends.
  bool process_and_close_socket(socket_t socket) override {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection connection(socket, tls_, stopping_);
    current = {&connection, api_.log().connect()};
    if (connection.handshake()) {
      bool closed = false;
      while (!closed && connection.wait_for_request(kKeepAliveMs) && connection.begins_request()) {
        const bool served = serve(*this, connection, closed);
        if (!connection.flush() || !served) {
          break;
        }
      }
    }
    current = {};
    return true;
  }

  // Lets cpp-httplib serve one request; later versions also want addresses, which nobody reads.
  template <class Self>
  static bool serve(Self& self, Connection& connection, bool& closed) {
    if constexpr (requires { self.process_request(connection, false, closed, nullptr); }) {
      return self.process_request(connection, false, closed, nullptr);
    } else {
      return self.process_request(connection, "", 0, "", 0, false, closed, nullptr);
    }
  }

  // Answers one request and logs it, unless it is an order to the simulator itself.
  void handle(const httplib::Request& from, httplib::Response& to) {
    const Request request = translate(from);
    if (request.path.rfind("/_sim/", 0) == 0) {
      send(request, api_.control(from.method, request, from.body), to);
      return;
    }
    // The request counts as in flight until its last byte is sent.
    auto flight = std::make_shared<InFlight>(api_.log());
    LogEntry entry;
    entry.time_ms = api_.log().elapsed_ms();
    pause(static_cast<double>(api_.latency_ms()) / 1000);
    Outcome outcome = from.method == "GET"
                          ? api_.answer(request)
                          : Outcome{Answer::error(405, "Method Not Allowed"), "none", ""};
    pause(outcome.answer.hang_seconds);
    entry.method = from.method;
    entry.path = from.path;
    entry.query = request.query;
    entry.status = outcome.answer.status;
    entry.fault = outcome.fault.empty() ? from.get_header_value("X-Sim-Raw-Fault") : outcome.fault;
    entry.auth = outcome.auth;
    entry.connection = current.number;
    send(request, std::move(outcome.answer), to);
    entry.body_bytes = static_cast<int64_t>(to.content_length_);
    entry.duration_ms = api_.log().elapsed_ms() - entry.time_ms;
    api_.log().add(std::move(entry));
    to.content_provider_resource_releaser_ = [flight = std::move(flight)](bool) {};
  }

  // Sleeps, but not beyond a stop or the client's leaving.
  bool pause(double seconds) const {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      if (stopping_ || (current.connection != nullptr && current.connection->peer_gone())) {
        return false;
      }
      const auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - now);
      std::this_thread::sleep_for(std::min(left, std::chrono::microseconds(50'000)));
    }
    return true;
  }

  // Hands an answer to cpp-httplib.
  void send(const Request& request, Answer answer, httplib::Response& to) const {
    constexpr size_t kWorthCompressing = 256;
    if (answer.compressible && request.accepts_gzip && answer.body.size() >= kWorthCompressing) {
      answer.body = gzip(answer.body);
      answer.headers.emplace_back("Content-Encoding", "gzip");
    }
    to.status = answer.status;
    to.set_header("Date", http_date(api_.date()));
    for (const auto& [name, value] : answer.headers) {
      to.set_header(name, value);
    }
    const size_t size = answer.body.size() + answer.padding_bytes;
    if (size == 0) {
      to.set_header("Content-Type", answer.type);
      return;
    }
    const std::string type = answer.type;
    const bool chunked = answer.chunked;
    // A provider keeps cpp-httplib from compressing the body by its own means.
    auto write = [this, shared = std::make_shared<Answer>(std::move(answer))](
                     size_t offset, size_t left, httplib::DataSink& sink) {
      return write_piece(*shared, offset, left, sink);
    };
    if (chunked) {
      // cpp-httplib would compress chunks of text, but does not know this type for text.
      const bool is_json = type.rfind("text/json", 0) == 0;
      to.set_chunked_content_provider(
          is_json ? "application/json; charset=utf-8" : type,
          [write = std::move(write), size](size_t offset, httplib::DataSink& sink) {
            if (offset >= size) {
              sink.done();
              return true;
            }
            return write(offset, size - offset, sink);
          });
      return;
    }
    to.set_content_provider(size, type, std::move(write));
    to.content_length_ = size;
  }

  // Writes the next piece of a body and what is to follow it.
  bool write_piece(const Answer& answer, size_t offset, size_t left,
                   httplib::DataSink& sink) const {
    static const std::string spaces(1 << 16, ' ');
    if (stopping_) {
      return false;
    }
    if (offset > 0 && answer.piece_ms > 0 && !pause(static_cast<double>(answer.piece_ms) / 1000)) {
      return false;
    }
    const size_t piece = answer.piece_bytes == 0 ? left : std::min(left, answer.piece_bytes);
    if (offset < answer.body.size()) {
      return sink.write(answer.body.data() + offset, std::min(piece, answer.body.size() - offset));
    }
    return sink.write(spaces.data(), std::min(piece, spaces.size()));
  }

  Api& api_;
  const std::atomic<bool>& stopping_;
  SSL_CTX* tls_ = nullptr;
};

HttpFront::HttpFront(Api& api, HttpOptions options) : api_(api), options_(std::move(options)) {}

HttpFront::~HttpFront() {
  stop();
}

void HttpFront::start() {
  server_ = std::make_unique<Server>(api_, options_, stopping_);
  port_ = options_.port;
  const bool bound = options_.port == 0 ? (port_ = server_->bind_to_any_port(options_.host)) > 0
                                        : server_->bind_to_port(options_.host, options_.port);
  if (!bound) {
    throw std::runtime_error("could not listen on " + options_.host + ":" +
                             std::to_string(options_.port));
  }
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void HttpFront::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    server_->stop();
    thread_.join();
  }
}

}  // namespace argo::sim

// Accepts on plain sockets, so that it can break what no HTTP library would break.
#include "raw_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace argo::sim {
namespace {

constexpr int64_t kIdleMs = 120'000;
constexpr size_t kMaxHead = 65536;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Makes the coming close of a socket a reset.
void reset_on_close(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// Removes a header line from a head, whatever the case of its name.
void remove_header(std::string& head, std::string_view name) {
  for (size_t line = head.find("\r\n"); line != std::string::npos; line = head.find("\r\n", line)) {
    const size_t begin = line + 2;
    const size_t end = head.find("\r\n", begin);
    if (end == std::string::npos || end == begin) {
      return;
    }
    const bool same =
        head.compare(begin + name.size(), 1, ":") == 0 &&
        std::equal(name.begin(), name.end(), head.begin() + static_cast<std::ptrdiff_t>(begin),
                   [](char a, char b) {
                     return std::tolower(static_cast<unsigned char>(a)) ==
                            std::tolower(static_cast<unsigned char>(b));
                   });
    if (same) {
      head.erase(begin, end + 2 - begin);
    } else {
      line = end;
    }
  }
}

// Adds a header line behind the first line.
void add_header(std::string& head, const std::string& line) {
  head.insert(head.find("\r\n") + 2, line + "\r\n");
}

// Takes path and query from a request's first line.
std::pair<std::string, std::string> target_of(const std::string& head) {
  const size_t begin = head.find(' ') + 1;
  const std::string target = head.substr(begin, head.find(' ', begin) - begin);
  const size_t mark = target.find('?');
  return {plain_path(target.substr(0, mark)),
          mark == std::string::npos ? "" : target.substr(mark + 1)};
}

}  // namespace

RawFront::RawFront(Api& api, std::string host, int port, int http_port)
    : api_(api), host_(std::move(host)), port_(port), http_port_(http_port) {}

RawFront::~RawFront() {
  stop();
}

void RawFront::start() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const std::string host = host_ == "localhost" ? "127.0.0.1" : host_;
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      ::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("could not listen on " + host_ + ":" + std::to_string(port_) +
                             " for raw faults");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_loop(); });
}

void RawFront::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
  for (Worker& worker : workers_) {
    worker.thread.join();
  }
  workers_.clear();
  if (listener_ >= 0) {
    ::close(listener_);
    listener_ = -1;
  }
}

// Waits until a socket can be read; false after the timeout or on a stop.
bool RawFront::wait_readable(int socket, int64_t timeout_ms) const {
  for (int64_t left = timeout_ms; left > 0 && !stopping_; left -= 100) {
    pollfd ready{socket, POLLIN, 0};
    if (::poll(&ready, 1, 100) > 0) {
      return true;
    }
  }
  return false;
}

// Sleeps unless stopped.
void RawFront::pause(int64_t ms) const {
  for (int64_t left = ms; left > 0 && !stopping_; left -= 50) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min<int64_t>(left, 50)));
  }
}

// Sends everything; false when the other side has gone.
bool RawFront::send_all(int socket, std::string_view data) const {
  while (!data.empty() && !stopping_) {
    const ssize_t count = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      data.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{socket, POLLOUT, 0};
      ::poll(&ready, 1, 100);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return data.empty();
}

// Accepts connections, each with its own thread, until stopped.
void RawFront::accept_loop() {
  while (!stopping_) {
    workers_.remove_if([](Worker& worker) {
      if (worker.done) {
        worker.thread.join();
        return true;
      }
      return false;
    });
    if (!wait_readable(listener_, 1000)) {
      continue;
    }
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      continue;
    }
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Worker& worker = workers_.emplace_back();
    worker.thread = std::thread([this, client, &worker] {
      serve(client);
      ::close(client);
      worker.done = true;
    });
  }
}

// Logs a fault that never reaches the HTTP port.
void RawFront::log(const Fault& fault, const std::string& path, const std::string& query) {
  LogEntry entry;
  entry.time_ms = api_.log().elapsed_ms();
  entry.method = "RAW";
  entry.path = path;
  entry.query = query;
  entry.fault = fault.label;
  api_.log().add(std::move(entry));
}

// Reads one request from a connection and relays it or plays its fault.
void RawFront::serve(int client) {
  if (const auto fault = api_.faults().take_accept()) {
    log(*fault, "", "");
    if (fault->label == "accept-hang") {
      pause(int_param(fault->params, "seconds", 30) * 1000);
    } else {
      reset_on_close(client);
    }
    return;
  }
  std::string head;
  size_t end = std::string::npos;
  char buffer[8192];
  while (end == std::string::npos) {
    if (head.size() > kMaxHead || !wait_readable(client, kIdleMs)) {
      return;
    }
    const ssize_t count = ::recv(client, buffer, sizeof buffer, 0);
    if (count <= 0) {
      return;
    }
    head.append(buffer, static_cast<size_t>(count));
    end = head.find(kHeadEnd);
  }
  const std::string rest = head.substr(end + kHeadEnd.size());
  head.resize(end + kHeadEnd.size());
  remove_header(head, "Connection");
  add_header(head, "Connection: close");
  const auto [path, query] = target_of(head);
  if (const auto fault = api_.faults().take(path, query, true)) {
    play(client, *fault, head, rest);
  } else {
    relay(client, head, rest);
  }
}

// Connects to the HTTP port; -1 when that fails.
int RawFront::connect_upstream() const {
  const int upstream = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(http_port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (host_ != "localhost" && host_ != "0.0.0.0") {
    ::inet_pton(AF_INET, host_.c_str(), &address.sin_addr);
  }
  if (::connect(upstream, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(upstream);
    return -1;
  }
  return upstream;
}

// Passes bytes both ways until the answer has ended.
void RawFront::relay(int client, const std::string& head, const std::string& rest) {
  const int upstream = connect_upstream();
  if (upstream < 0) {
    return;
  }
  bool open = send_all(upstream, head + rest);
  std::string buffer(1 << 16, '\0');
  while (open && !stopping_) {
    pollfd ready[2] = {{upstream, POLLIN, 0}, {client, POLLIN, 0}};
    if (::poll(ready, 2, 100) <= 0) {
      continue;
    }
    for (const auto& [from, to] : {std::pair(0, client), std::pair(1, upstream)}) {
      if (ready[from].revents == 0) {
        continue;
      }
      const ssize_t count = ::recv(ready[from].fd, buffer.data(), buffer.size(), 0);
      open = open && count > 0 &&
             send_all(to, std::string_view(buffer).substr(0, static_cast<size_t>(count)));
    }
  }
  ::close(upstream);
}

// Reads a whole answer from the HTTP port.
std::string RawFront::fetch(const std::string& head, const std::string& rest) {
  std::string answer;
  const int upstream = connect_upstream();
  if (upstream < 0) {
    return answer;
  }
  std::string buffer(1 << 16, '\0');
  bool open = send_all(upstream, head + rest);
  while (open && wait_readable(upstream, kIdleMs)) {
    const ssize_t count = ::recv(upstream, buffer.data(), buffer.size(), 0);
    open = count > 0;
    if (open) {
      answer.append(buffer, 0, static_cast<size_t>(count));
    }
  }
  ::close(upstream);
  return answer;
}

// Plays a fault, with the right answer as its raw material where it needs one.
void RawFront::play(int client, const Fault& fault, const std::string& head,
                    const std::string& rest) {
  if (fault.label == "reset" || fault.label == "hang-raw") {
    const auto [path, query] = target_of(head);
    log(fault, path, query);
    if (fault.label == "reset") {
      reset_on_close(client);
    } else {
      pause(int_param(fault.params, "seconds", 30) * 1000);
    }
    return;
  }
  std::string marked = head;
  // Chunks and lengths are rewritten here, which compressed bodies would only obscure.
  remove_header(marked, "Accept-Encoding");
  add_header(marked, "X-Sim-Raw-Fault: " + fault.label);
  play_answer(client, fault, fetch(marked, rest));
}

// Sends an answer in the way that a fault wants it.
void RawFront::play_answer(int client, const Fault& fault, const std::string& answer) {
  const size_t end = answer.find(kHeadEnd);
  if (end == std::string::npos) {
    return;
  }
  std::string head = answer.substr(0, end + kHeadEnd.size());
  const std::string body = answer.substr(end + kHeadEnd.size());
  const auto half = static_cast<int64_t>(body.size() / 2);
  const std::string& name = fault.label;
  const Json& params = fault.params;
  const auto resize = [&](int64_t by) {
    remove_header(head, "Content-Length");
    const auto length = std::max<int64_t>(0, static_cast<int64_t>(body.size()) + by);
    add_header(head, "Content-Length: " + std::to_string(length));
  };
  const auto chunk = [](std::string_view data) {
    char size[24];
    const int length = std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return std::string(size, static_cast<size_t>(length)) + std::string(data) + "\r\n";
  };
  if (name == "reset-mid-body" || name == "close-mid-body") {
    const auto keep = static_cast<size_t>(std::max<int64_t>(0, int_param(params, "bytes", half)));
    send_all(client, head + body.substr(0, keep));
    if (name == "reset-mid-body") {
      // A reset at once would also throw away what the client has not read yet.
      pause(50);
      reset_on_close(client);
    }
  } else if (name == "close-mid-head") {
    send_all(client, head.substr(0, head.size() / 2));
  } else if (name == "broken-chunk" || name == "open-chunk") {
    remove_header(head, "Content-Length");
    add_header(head, "Transfer-Encoding: chunked");
    send_all(client, head + chunk(std::string_view(body).substr(0, static_cast<size_t>(half))));
    if (name == "broken-chunk") {
      send_all(client, "zz;\r\n" + body.substr(static_cast<size_t>(half)) + "\r\n0\r\n\r\n");
    }
  } else if (name == "early-hints") {
    const auto statuses = params.value("statuses", std::vector<int>{100, 103});
    for (const int status : statuses) {
      send_all(client, "HTTP/1.1 " + std::to_string(status) +
                           " Early\r\nLink: </style.css>; rel=preload\r\n\r\n");
    }
    send_all(client, head + body);
  } else if (name == "byte-per-second") {
    const auto piece = static_cast<size_t>(std::max<int64_t>(1, int_param(params, "bytes", 1)));
    dribble(client, answer, piece, int_param(params, "every_ms", 1000));
  } else if (name == "garbage-status") {
    head.replace(0, head.find("\r\n"), text_param(params, "line", "HTTP/9.9 banana"));
    send_all(client, head + body);
  } else if (name == "length-too-long" || name == "length-too-short") {
    const int64_t by = int_param(params, "by", 1000);
    resize(name == "length-too-long" ? by : -by);
    send_all(client, head + body);
  } else if (name == "no-content-type") {
    remove_header(head, "Content-Type");
    send_all(client, head + body);
  } else if (name == "huge-header") {
    const auto size = static_cast<size_t>(int_param(params, "kilobytes", 1024)) * 1024;
    add_header(head, "X-Padding: " + std::string(size, 'x'));
    send_all(client, head + body);
  }
}

// Sends data piece by piece until the client leaves.
void RawFront::dribble(int client, std::string_view data, size_t piece, int64_t every_ms) const {
  while (!data.empty() && !stopping_) {
    const size_t count = std::min(piece, data.size());
    if (!send_all(client, data.substr(0, count))) {
      return;
    }
    data.remove_prefix(count);
    pause(every_ms);
  }
}

}  // namespace argo::sim

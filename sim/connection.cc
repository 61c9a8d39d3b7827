// Moves bytes with poll, so that a stop is noticed within a tenth of a second everywhere.
#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace argo::sim {
namespace {

constexpr int kTick = 100;           // milliseconds between looks at the stop flag
constexpr int kReadTimeout = 10000;  // milliseconds within a request
constexpr int kWriteTimeout = 60000;

}  // namespace

Connection::Connection(int socket, SSL_CTX* tls, const std::atomic<bool>& stopping)
    : socket_(socket), stopping_(stopping) {
  fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket_);
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
}

Connection::~Connection() {
  if (ssl_ != nullptr) {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
  }
  ::shutdown(socket_, SHUT_RDWR);
  ::close(socket_);
}

// Waits until the socket is ready; false after the timeout or on a stop.
bool Connection::wait(short events, int timeout_ms) const {
  for (int waited = 0; !stopping_.load(std::memory_order_relaxed); waited += kTick) {
    pollfd ready{socket_, events, 0};
    const int count = ::poll(&ready, 1, std::min(kTick, timeout_ms - waited));
    if (count > 0) {
      return true;
    }
    if ((count < 0 && errno != EINTR) || waited + kTick >= timeout_ms) {
      return false;
    }
  }
  return false;
}

bool Connection::handshake() {
  while (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_accept(ssl_);
    if (result == 1) {
      return true;
    }
    const int error = SSL_get_error(ssl_, result);
    const bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (!again || !wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, kReadTimeout)) {
      return false;
    }
  }
  return true;
}

bool Connection::wait_for_request(int timeout_ms) {
  holding_ = true;
  if (begin_ < end_) {
    return true;
  }
  if (ssl_ != nullptr && SSL_pending(ssl_) > 0) {
    return true;
  }
  return wait(POLLIN, timeout_ms) && !peer_gone();
}

bool Connection::begins_request() {
  if (begin_ == end_) {
    const ssize_t count = receive(buffer_, sizeof buffer_);
    if (count <= 0) {
      return false;
    }
    begin_ = 0;
    end_ = static_cast<size_t>(count);
  }
  const char first = buffer_[begin_];
  if (first >= 'A' && first <= 'Z') {
    return true;
  }
  send_all("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", {});
  return false;
}

bool Connection::peer_gone() const {
  pollfd ready{socket_, POLLIN | POLLRDHUP, 0};
  if (::poll(&ready, 1, 0) <= 0) {
    return false;
  }
  if ((ready.revents & (POLLERR | POLLHUP)) != 0) {
    return true;
  }
  char byte = 0;
  return (ready.revents & POLLRDHUP) != 0 &&
         ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

bool Connection::wait_for_bytes() const {
  return has_bytes() || wait(POLLIN, kReadTimeout);
}

bool Connection::wait_for_room() const {
  return wait(POLLOUT, kWriteTimeout);
}

// Reads at least one byte from the socket; 0 at its end, -1 on an error.
ssize_t Connection::receive(char* ptr, size_t size) {
  for (;;) {
    if (ssl_ == nullptr) {
      const ssize_t count = ::recv(socket_, ptr, size, 0);
      if (count >= 0) {
        return count;
      }
      if (errno != EAGAIN && errno != EINTR) {
        return -1;
      }
    } else {
      ERR_clear_error();
      const int count = SSL_read(ssl_, ptr, static_cast<int>(std::min<size_t>(size, 1 << 30)));
      if (count > 0) {
        return count;
      }
      if (SSL_get_error(ssl_, count) != SSL_ERROR_WANT_READ) {
        return -1;
      }
    }
    if (!wait(POLLIN, kReadTimeout)) {
      return -1;
    }
  }
}

ssize_t Connection::read(char* ptr, size_t size) {
  if (begin_ == end_) {
    // A held "100 Continue" must reach the client before its body can come.
    if (!flush()) {
      return -1;
    }
    const ssize_t count = receive(buffer_, sizeof buffer_);
    if (count <= 0) {
      return count;
    }
    begin_ = 0;
    end_ = static_cast<size_t>(count);
  }
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(ptr, buffer_ + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* ptr, size_t size) {
  if (holding_) {
    held_.assign(ptr, size);
    holding_ = false;
    return static_cast<ssize_t>(size);
  }
  const bool sent = send_all(held_, {ptr, size});
  held_.clear();
  return sent ? static_cast<ssize_t>(size) : -1;
}

bool Connection::flush() {
  const bool sent = held_.empty() || send_all(held_, {});
  held_.clear();
  return sent;
}

// Sends two pieces as one.
bool Connection::send_all(std::string_view first, std::string_view second) {
  if (ssl_ != nullptr) {
    return send_tls(first) && send_tls(second);
  }
  while (!first.empty() || !second.empty()) {
    iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                       {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    const ssize_t count = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (count < 0) {
      if ((errno != EAGAIN && errno != EINTR) || !wait(POLLOUT, kWriteTimeout)) {
        return false;
      }
      continue;
    }
    const size_t of_first = std::min(first.size(), static_cast<size_t>(count));
    first.remove_prefix(of_first);
    second.remove_prefix(static_cast<size_t>(count) - of_first);
  }
  return true;
}

// Sends a piece over TLS.
bool Connection::send_tls(std::string_view data) {
  while (!data.empty()) {
    ERR_clear_error();
    const int count =
        SSL_write(ssl_, data.data(), static_cast<int>(std::min<size_t>(data.size(), 1 << 30)));
    if (count > 0) {
      data.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    const int error = SSL_get_error(ssl_, count);
    const bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (!again || !wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, kWriteTimeout)) {
      return false;
    }
  }
  return true;
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace argo::sim

// One accepted connection, plain or TLS, as a stream that cpp-httplib reads requests from.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <string>
#include <string_view>

#include "http_lib.h"

namespace argo::sim {

class Connection : public Stream {
 public:
  // Takes over a socket; `tls` is null for plain HTTP.
  Connection(int socket, SSL_CTX* tls, const std::atomic<bool>& stopping);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Performs the TLS handshake, if there is to be one.
  bool handshake();

  // Waits for the first byte of a request; false at the end, on a stop or after the timeout.
  bool wait_for_request(int timeout_ms);

  // Tells whether what came can begin a request; a TLS hello to a plain port cannot, and is
  // refused.
  bool begins_request();

  // Sends what the header's write held back.
  bool flush();

  // Tells whether the other side has gone.
  bool peer_gone() const;

  bool has_bytes() const override { return begin_ < end_; }
  bool wait_for_bytes() const override;
  bool wait_for_room() const override;
  ssize_t read(char* ptr, size_t size) override;
  ssize_t write(const char* ptr, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool wait(short events, int timeout_ms) const;
  ssize_t receive(char* ptr, size_t size);
  bool send_all(std::string_view first, std::string_view second);
  bool send_tls(std::string_view data);

  int socket_;
  SSL* ssl_ = nullptr;
  const std::atomic<bool>& stopping_;
  char buffer_[4096];
  size_t begin_ = 0;
  size_t end_ = 0;
  std::string held_;  // the header, until the body's first bytes go with it
  bool holding_ = true;
};

}  // namespace argo::sim

// The HTTP(S) listener: carries requests from cpp-httplib to the API and answers back.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "api.h"

namespace argo::sim {

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0 for any
  std::string certificate;
  std::string key;
  size_t threads = 128;  // the most connections that are served at once
};

class HttpFront {
 public:
  HttpFront(Api& api, HttpOptions options);
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  // Binds and serves in the background; throws std::runtime_error when that fails.
  void start();

  // Ends all connections and waits for their threads.
  void stop();

  int port() const { return port_; }

 private:
  class Server;

  Api& api_;
  HttpOptions options_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<Server> server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace argo::sim

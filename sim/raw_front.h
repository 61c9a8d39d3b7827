// The raw listener: relays requests to the HTTP port, or plays faults below HTTP.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "api.h"

namespace argo::sim {

class RawFront {
 public:
  // Prepares a listener in front of the HTTP port.
  RawFront(Api& api, std::string host, int port, int http_port);
  ~RawFront();
  RawFront(const RawFront&) = delete;
  RawFront& operator=(const RawFront&) = delete;

  // Binds and serves in the background; throws std::runtime_error when that fails.
  void start();

  // Ends all connections and waits for their threads.
  void stop();

  int port() const { return port_; }

 private:
  struct Worker {
    std::thread thread;
    std::atomic<bool> done{false};
  };

  void accept_loop();
  void serve(int client);
  void relay(int client, const std::string& head, const std::string& rest);
  void play(int client, const Fault& fault, const std::string& head, const std::string& rest);
  void play_answer(int client, const Fault& fault, const std::string& answer);
  std::string fetch(const std::string& head, const std::string& rest);
  int connect_upstream() const;
  bool send_all(int socket, std::string_view data) const;
  void dribble(int client, std::string_view data, size_t piece, int64_t every_ms) const;
  bool wait_readable(int socket, int64_t timeout_ms) const;
  void pause(int64_t ms) const;
  void log(const Fault& fault, const std::string& path, const std::string& query);

  Api& api_;
  std::string host_;
  int port_;
  int http_port_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::list<Worker> workers_;
};

}  // namespace argo::sim

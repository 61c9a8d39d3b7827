// What was asked and answered, and how many requests were in flight at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace argo::sim {

struct LogEntry {
  int64_t n = 0;
  double time_ms = 0;  // since the start
  std::string method;
  std::string path;
  std::string query;
  int status = 0;
  std::string fault;
  const char* auth = "none";
  double duration_ms = 0;
  int64_t connection = 0;
  int64_t body_bytes = 0;
};

class RequestLog {
 public:
  // Tells the milliseconds since the log was made.
  double elapsed_ms() const;

  // Counts a request that begins or ends.
  void enter();
  void leave() { --in_flight_; }

  // Keeps an entry; the oldest goes when there are too many.
  void add(LogEntry entry);

  // Counts a connection and returns its number.
  int64_t connect() { return ++connections_; }

  // Forgets the entries and counts.
  void clear();

  // Writes everything as JSON, given the login counts.
  std::string json(int64_t logins, int64_t refused_logins) const;

 private:
  static constexpr size_t kCapacity = 100'000;

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::deque<LogEntry> entries_;
  int64_t total_ = 0;
  std::atomic<int64_t> in_flight_{0};
  std::atomic<int64_t> peak_{0};
  std::atomic<int64_t> connections_{0};
};

// Counts a request as in flight for as long as it lives.
class InFlight {
 public:
  explicit InFlight(RequestLog& log) : log_(log) { log_.enter(); }
  ~InFlight() { log_.leave(); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  RequestLog& log_;
};

}  // namespace argo::sim

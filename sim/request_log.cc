// Keeps the last requests in memory and writes them as JSON.
#include "request_log.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace argo::sim {

double RequestLog::elapsed_ms() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
      .count();
}

void RequestLog::enter() {
  const int64_t now = ++in_flight_;
  int64_t peak = peak_.load();
  while (now > peak && !peak_.compare_exchange_weak(peak, now)) {
  }
}

void RequestLog::add(LogEntry entry) {
  const std::lock_guard lock(mutex_);
  entry.n = ++total_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kCapacity) {
    entries_.pop_front();
  }
}

void RequestLog::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  total_ = 0;
  peak_ = in_flight_.load();
  connections_ = 0;
}

std::string RequestLog::json(int64_t logins, int64_t refused_logins) const {
  nlohmann::ordered_json requests = nlohmann::ordered_json::array();
  const std::lock_guard lock(mutex_);
  for (const LogEntry& entry : entries_) {
    requests.push_back({{"n", entry.n},
                        {"time_ms", entry.time_ms},
                        {"method", entry.method},
                        {"path", entry.path},
                        {"query", entry.query},
                        {"status", entry.status},
                        {"fault", entry.fault},
                        {"auth", entry.auth},
                        {"duration_ms", entry.duration_ms},
                        {"connection", entry.connection},
                        {"body_bytes", entry.body_bytes}});
  }
  const nlohmann::ordered_json document{
      {"total", total_},
      {"peak_concurrency", peak_.load()},
      {"logins", logins},
      {"refused_logins", refused_logins},
      {"connections", connections_.load()},
      {"requests", std::move(requests)},
  };
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace argo::sim

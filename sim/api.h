// The simulated API as a function from requests to answers, and the state behind it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "answer.h"
#include "auth.h"
#include "clock.h"
#include "faults.h"
#include "request_log.h"
#include "site.h"

namespace argo::sim {

struct ApiOptions {
  uint64_t seed = 1;
  int64_t now = -1;  // fixed clock; the machine's when negative
  int64_t latency_ms = 0;
  int64_t max_records = 1500;
  Credentials credentials;
};

// What became of a request, for the log.
struct Outcome {
  Answer answer;
  const char* auth = "none";
  std::string fault;
};

class Api {
 public:
  explicit Api(const ApiOptions& options);

  // Answers a request to the API.
  Outcome answer(const Request& request);

  // Answers a request to a control endpoint, whose path begins with /_sim/.
  Answer control(const std::string& method, const Request& request, const std::string& body);

  int64_t latency_ms() const { return latency_ms_.load(std::memory_order_relaxed); }
  const Clock& clock() const { return clock_; }

  // Tells what the header Date says: the simulated time, and how far it is to be off.
  int64_t date() const { return clock_.now() + date_offset_s_.load(std::memory_order_relaxed); }

  FaultBook& faults() { return faults_; }
  RequestLog& log() { return log_; }

 private:
  Answer route(const Request& request, const ListTweaks& tweaks, bool coarser);
  Answer answer_readings(const Request& request, bool coarser);
  Answer truth(const Request& request) const;
  Answer site_facts(const Request& request) const;

  uint64_t seed_;
  int64_t max_records_;
  Clock clock_;
  std::atomic<int64_t> latency_ms_;
  std::atomic<int64_t> date_offset_s_ = 0;
  Catalog catalog_;
  Auth auth_;
  FaultBook faults_;
  RequestLog log_;
};

// Removes the version prefix and the trailing slash from a path.
std::string plain_path(std::string_view path);

}  // namespace argo::sim

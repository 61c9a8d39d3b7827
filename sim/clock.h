// The simulated clock: the real one, or a moment that only the tests move.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace argo::sim {

class Clock {
 public:
  // Makes a clock that stands at `fixed`, or follows the machine's when it is negative.
  explicit Clock(int64_t fixed) : fixed_(fixed) {}

  // Tells the simulated time in Unix seconds.
  int64_t now() const {
    const int64_t fixed = fixed_.load(std::memory_order_relaxed);
    return fixed >= 0 ? fixed : static_cast<int64_t>(std::time(nullptr));
  }

  // Stops the clock at `fixed`, or lets it follow the machine's again when it is negative.
  void set(int64_t fixed) { fixed_.store(fixed, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> fixed_;
};

}  // namespace argo::sim

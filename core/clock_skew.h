// How far the API's clock is from this machine's.
#ifndef ARGO_CORE_CLOCK_SKEW_H_
#define ARGO_CORE_CLOCK_SKEW_H_

#include "host_free.h"

#include <chrono>
#include <optional>
#include <string>

namespace argo {

class ClockSkew {
 public:
  using Clock = std::chrono::system_clock;

  // Takes note of the Date header of an answer that came at `received_at`, `took` after its request
  // was sent. A Date that is missing or no date counts for nothing.
  void add(const std::string& date, Clock::time_point received_at, Clock::duration took);

  // Returns the API's time less this machine's, in seconds, as far as whole seconds can tell.
  // Of several answers the one nearest to 0: a clock that is off is off in all of them, while a
  // slow answer or one from a cache is off by itself.
  std::optional<double> seconds() const { return seconds_; }

 private:
  std::optional<double> seconds_;
};

}  // namespace argo

#endif  // ARGO_CORE_CLOCK_SKEW_H_

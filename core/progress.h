// Tells people how far a run is: a line a second at most.
#ifndef ARGO_CORE_PROGRESS_H_
#define ARGO_CORE_PROGRESS_H_

#include "host_free.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "host.h"

namespace argo {

class ProgressMeter {
 public:
  using Clock = std::chrono::steady_clock;

  ProgressMeter(Host& host, Clock::time_point now) : host_(host), began_at_(now), told_at_(now) {}

  void set_planned(std::int64_t slots) { progress_.slots_planned = slots; }

  // Takes note of a window that has ended and of the records that it brought.
  void add(std::int64_t slots, std::int64_t readings) {
    progress_.slots_done += slots;
    progress_.readings += readings;
  }

  // Tells the host where the last line is a second old. `waiting_until` is when requests go on,
  // with the reason, where they wait.
  void tell(Clock::time_point now, UnixTime waiting_until, const std::string& reason);

 private:
  Host& host_;
  Clock::time_point began_at_;
  Clock::time_point told_at_;
  Progress progress_;
};

}  // namespace argo

#endif  // ARGO_CORE_PROGRESS_H_

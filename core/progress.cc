// Tells people how far a run is: a line a second at most.
#include "progress.h"

#include "text.h"

namespace argo {

void ProgressMeter::tell(Clock::time_point now, UnixTime waiting_until, const std::string& reason) {
  if (now - told_at_ < std::chrono::seconds(1))
    return;
  told_at_ = now;
  const double seconds = std::chrono::duration<double>(now - began_at_).count();
  const auto per_second =
      static_cast<std::int64_t>(static_cast<double>(progress_.readings) / seconds);
  const std::int64_t planned = progress_.slots_planned;
  const std::int64_t done = progress_.slots_done;
  std::string text = std::to_string(planned == 0 ? 100 : 100 * done / planned) + " % of " +
                     std::to_string(planned) + " slots, " + std::to_string(per_second) +
                     " readings/s";
  if (done > 0 && done < planned) {
    const double left = seconds * static_cast<double>(planned - done) / static_cast<double>(done);
    text += ", about " + std::to_string(static_cast<std::int64_t>(left) + 1) + " s left";
  }
  if (waiting_until > 0)
    text += ", waiting until " + format_utc(waiting_until).substr(11, 8) + " UTC, " + reason;
  progress_.text = text;
  host_.progress(progress_);
}

}  // namespace argo

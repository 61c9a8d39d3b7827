// Cuts a range of time into the windows that are asked for, and a refused window in two.
#include "windows.h"

#include <algorithm>

namespace argo {

std::vector<TimeRange> cut_windows(const TimeRange& range) {
  std::vector<TimeRange> windows;
  for (UnixTime from = range.from; from < range.to; from += kWindowDays * kDaySeconds)
    windows.push_back({from, std::min(range.to, from + kWindowDays * kDaySeconds)});
  return windows;
}

std::optional<std::pair<TimeRange, TimeRange>> halve(const TimeRange& window) {
  const std::int64_t days = (window.seconds() + kDaySeconds - 1) / kDaySeconds;
  if (days <= 1)
    return std::nullopt;
  const UnixTime middle = window.from + days / 2 * kDaySeconds;
  return std::pair{TimeRange{window.from, middle}, TimeRange{middle, window.to}};
}

}  // namespace argo

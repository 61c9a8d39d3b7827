// Covers what is missing by the windows that are asked for, and cuts a refused window in two.
#include "windows.h"

#include <algorithm>
#include <tuple>

namespace argo {

std::vector<ChannelRange> cover(std::vector<ChannelRange> to_ask, std::int64_t days) {
  const auto by_channel = [](const ChannelRange& a, const ChannelRange& b) {
    return std::tie(a.channel_id, a.range.from) < std::tie(b.channel_id, b.range.from);
  };
  const auto by_time = [](const ChannelRange& a, const ChannelRange& b) {
    return std::tie(a.range.from, a.channel_id) < std::tie(b.range.from, b.channel_id);
  };
  std::sort(to_ask.begin(), to_ask.end(), by_channel);
  std::vector<ChannelRange> windows;
  for (const auto& [channel_id, gap] : to_ask)
    for (UnixTime from = gap.from; from < gap.to;) {
      const bool is_same = !windows.empty() && windows.back().channel_id == channel_id;
      const UnixTime room = is_same ? windows.back().range.from + days * kDaySeconds : from;
      if (from >= room) {
        windows.push_back({channel_id, {from, std::min(gap.to, from + days * kDaySeconds)}});
      } else {
        windows.back().range.to = std::min(gap.to, room);
      }
      from = windows.back().range.to;
    }
  std::sort(windows.begin(), windows.end(), by_time);
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

// Decides which window is asked for next, and what becomes of one that the API does not answer.
#include "window_queue.h"

#include <algorithm>
#include <utility>

namespace argo {

std::optional<Window> WindowQueue::next() {
  if (planned_.empty())
    return std::nullopt;
  Window window = planned_.front();
  planned_.pop_front();
  while (window.range.seconds() > accepted_seconds_) {
    plan_parts(window);
    window = planned_.front();
    planned_.pop_front();
  }
  ++channels_[window.channel_id].under_way;
  return window;
}

std::vector<WindowQueue::GivenUp> WindowQueue::ended(const Window& window, const Outcome& outcome) {
  Channel& channel = channels_[window.channel_id];
  --channel.under_way;
  std::vector<GivenUp> given_up;
  if (outcome.kind == Outcome::Kind::kDone) {
    channel.has_answered = true;
    take_up_again(channel);
    return {};
  }
  if (window.is_probe)
    channel.probe.reset();
  const bool is_refused = outcome.kind == Outcome::Kind::kWindowTooLarge;
  if (is_refused && halve(window.range) && (outcome.is_size || channel.has_answered)) {
    if (outcome.is_size)
      accepted_seconds_ = std::min(accepted_seconds_, window.range.seconds() - 1);
    plan_parts(window);
    return {};
  }
  // A probe is part of a window that is aside, unless that has been taken up again.
  if (!window.is_probe || channel.aside.empty()) {
    const bool is_aside = is_refused && !outcome.is_size && !channel.has_answered;
    (is_aside ? channel.aside : given_up).push_back({window, outcome.reason});
  }
  const std::vector<GivenUp> decided = decide(window.channel_id, channel);
  given_up.insert(given_up.end(), decided.begin(), decided.end());
  return given_up;
}

// Plans the halves of a window next.
void WindowQueue::plan_parts(const Window& window) {
  const auto halves = halve(window.range);
  for (const TimeRange& range : {halves->second, halves->first})
    planned_.push_front({window.channel_id, range, true, false});
}

// Plans what was laid aside of a channel that has answered now, but for a day that is probed.
void WindowQueue::take_up_again(Channel& channel) {
  for (GivenUp& aside : std::exchange(channel.aside, {})) {
    Window& window = aside.window;
    if (channel.probe && window.range.to == channel.probe->to)
      window.range.to = channel.probe->from;
    window.is_part = true;
    if (halve(window.range))
      plan_parts(window);
    else
      planned_.push_front(window);
  }
}

// Once nothing of a channel is under way that could change the picture: tries the next thing, or
// gives its windows up.
std::vector<WindowQueue::GivenUp> WindowQueue::decide(std::int32_t channel_id, Channel& channel) {
  if (channel.aside.empty() || channel.under_way > 0)
    return {};
  if (!std::exchange(channel.newest_was_tried, true) && try_newest(channel_id))
    return {};
  if (!std::exchange(channel.probe_was_tried, true) && try_newest_day(channel))
    return {};
  return give_up(channel_id, channel);
}

// Plans the newest window of a channel next, where one is still planned.
bool WindowQueue::try_newest(std::int32_t channel_id) {
  const auto newest = std::find_if(planned_.rbegin(), planned_.rend(), [&](const Window& window) {
    return window.channel_id == channel_id;
  });
  if (newest == planned_.rend())
    return false;
  Window window = *newest;
  planned_.erase(std::next(newest).base());
  window.is_part = true;
  planned_.push_front(window);
  return true;
}

// Plans the newest day of what is aside next, where that is more than a day.
bool WindowQueue::try_newest_day(Channel& channel) {
  const auto newest = std::max_element(
      channel.aside.begin(), channel.aside.end(),
      [](const GivenUp& a, const GivenUp& b) { return a.window.range.to < b.window.range.to; });
  const Window& window = newest->window;
  if (!halve(window.range))
    return false;
  channel.probe = TimeRange{window.range.to - kDaySeconds, window.range.to};
  planned_.push_front({window.channel_id, *channel.probe, true, true});
  return true;
}

// Gives up what is aside of a channel, and what is planned of it.
std::vector<WindowQueue::GivenUp> WindowQueue::give_up(std::int32_t channel_id, Channel& channel) {
  std::vector<GivenUp> given_up = std::exchange(channel.aside, {});
  const auto belongs = [&](const Window& window) { return window.channel_id == channel_id; };
  for (const Window& window : planned_)
    if (belongs(window))
      given_up.push_back(
          {window, "not asked: the API refuses even the newest day of this channel"});
  planned_.erase(std::remove_if(planned_.begin(), planned_.end(), belongs), planned_.end());
  return given_up;
}

}  // namespace argo

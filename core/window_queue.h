// Decides which window is asked for next, and what becomes of one that the API does not answer.
//
// The API refuses with 500 what it does not like: a window's size, something in one of its days, or
// a whole channel. So a window that is refused is halved, down to one day, where its channel has
// answered before. Where it has not, its windows are laid aside until the newest one, and then the
// newest day of that, has been tried: a device that was just installed answers there, a virtual
// channel never does, and costs four requests however long the range.
#ifndef ARGO_CORE_WINDOW_QUEUE_H_
#define ARGO_CORE_WINDOW_QUEUE_H_

#include "host_free.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fetcher.h"
#include "model.h"
#include "windows.h"

namespace argo {

struct Window {
  std::int32_t channel_id = 0;
  TimeRange range;
  bool is_part = false;   // of a window that was refused: one 500 is enough
  bool is_probe = false;  // the newest day of a window that is laid aside
};

class WindowQueue {
 public:
  struct GivenUp {
    Window window;
    std::string reason;
  };

  // Adds a window behind the others.
  void add(const Window& window) { planned_.push_back(window); }

  // Takes the next window to ask for; nothing while the answers under way must be waited for.
  std::optional<Window> next();

  // Takes note of how a window that next() gave has ended. Returns the windows that are given up.
  std::vector<GivenUp> ended(const Window& window, const Outcome& outcome);

 private:
  struct Channel {
    int under_way = 0;
    bool has_answered = false;
    bool newest_was_tried = false;
    bool probe_was_tried = false;
    std::optional<TimeRange> probe;  // the newest day of one of those aside, while it may answer
    std::vector<GivenUp> aside;
  };

  void plan_parts(const Window& window);
  void take_up_again(Channel& channel);
  std::vector<GivenUp> decide(std::int32_t channel_id, Channel& channel);
  bool try_newest(std::int32_t channel_id);
  bool try_newest_day(Channel& channel);
  std::vector<GivenUp> give_up(std::int32_t channel_id, Channel& channel);

  std::deque<Window> planned_;
  std::map<std::int32_t, Channel> channels_;
  std::int64_t accepted_seconds_ = kWindowDays * kDaySeconds;  // what was not too large for the API
};

}  // namespace argo

#endif  // ARGO_CORE_WINDOW_QUEUE_H_

// Cuts a range of time into the windows that are asked for, and a refused window in two.
#ifndef ARGO_CORE_WINDOWS_H_
#define ARGO_CORE_WINDOWS_H_

#include "host_free.h"

#include <optional>
#include <utility>
#include <vector>

#include "model.h"

namespace argo {

inline constexpr std::int64_t kWindowDays = 7;

// Cuts a range into windows of at most kWindowDays, the earliest first.
std::vector<TimeRange> cut_windows(const TimeRange& range);

// Halves a window at a whole day from its start; nothing where it is a day or less.
std::optional<std::pair<TimeRange, TimeRange>> halve(const TimeRange& window);

}  // namespace argo

#endif  // ARGO_CORE_WINDOWS_H_

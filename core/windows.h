// Covers what is missing by the windows that are asked for, and cuts a refused window in two.
#ifndef ARGO_CORE_WINDOWS_H_
#define ARGO_CORE_WINDOWS_H_

#include "host_free.h"

#include <optional>
#include <utility>
#include <vector>

#include "model.h"

namespace argo {

inline constexpr std::int64_t kWindowDays = 7;

// Covers what is to be asked by windows of at most `days` days, by time first, then by channel: the
// order on disk that the BRIN index on readings."timestamp" depends on. What is stored between two
// gaps of a window is asked again, since a request costs more than the readings it brings.
std::vector<ChannelRange> cover(std::vector<ChannelRange> to_ask, std::int64_t days);

// Halves a window at a whole day from its start; nothing where it is a day or less.
std::optional<std::pair<TimeRange, TimeRange>> halve(const TimeRange& window);

}  // namespace argo

#endif  // ARGO_CORE_WINDOWS_H_

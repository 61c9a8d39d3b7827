// Reads dates and times as people write them, and none that do not exist.
#ifndef ARGO_LOADER_INSTANT_H_
#define ARGO_LOADER_INSTANT_H_

#include "core/model.h"

#include <optional>
#include <string>

namespace argo::loader {

// YYYY-MM-DD
inline constexpr std::size_t kDateBytes = 10;

// Reads a time such as 2026-03-11, 2026-03-11T12:02Z or 2026-03-11 08:02:00-04:00; without a zone
// it is UTC.
std::optional<UnixTime> parse_instant(const std::string& text);

// Says whether a text is a day of the calendar, as YYYY-MM-DD.
bool is_date(const std::string& text);

}  // namespace argo::loader

#endif  // ARGO_LOADER_INSTANT_H_

// Makes text from outside safe to store and to show.
#ifndef ARGO_CORE_TEXT_H_
#define ARGO_CORE_TEXT_H_

#include "host_free.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace argo {

// U+FFFD, which stands for what is no text.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Returns C text, and nothing for a null pointer.
std::string or_empty(const char* text);

// Returns the length of the valid UTF-8 sequence that starts at text[at], or 0 where none does.
std::size_t utf8_sequence_length(std::string_view text, std::size_t at);

// Returns text as valid UTF-8 that PostgreSQL can store: what is no UTF-8 becomes U+FFFD, NUL goes.
std::string storable(std::string_view text);

// Returns text for a message: storable, control characters as spaces, cut to max_bytes with "...".
std::string printable(std::string_view text, std::size_t max_bytes = 200);

// Returns an instant as ISO 8601 in UTC, such as 2026-03-08T07:00:00Z.
std::string format_utc(std::int64_t unix_seconds);

}  // namespace argo

#endif  // ARGO_CORE_TEXT_H_

// Fast text output into one buffer whose size was reserved beforehand.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace argo::sim {

// The longest text that put_integer or put_nano writes.
inline constexpr size_t kNumberRoom = 24;

// Copies text and returns the position behind it.
inline char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Writes an integer.
inline char* put_integer(char* at, int64_t value) {
  return std::to_chars(at, at + kNumberRoom, value).ptr;
}

// Writes value / 10^9 as JSON with at most 14 significant digits, without trailing zeros.
char* put_nano(char* at, int64_t value);

// Rounds a number to billionths.
inline int64_t to_nano(double value) {
  return static_cast<int64_t>(value * 1e9 + (value < 0 ? -0.5 : 0.5));
}

// Reads a whole decimal integer; false when the text is anything else.
bool read_integer(std::string_view text, int64_t& value);

// Formats a moment as an HTTP date.
std::string http_date(int64_t unix_seconds);

// Replaces the value that follows `"key":` after `from` by `value`; false when there is none.
bool replace_value(std::string& json, std::string_view key, std::string_view value,
                   size_t from = 0);

// Finds where the value that follows `"key":` begins and ends; npos when there is none.
std::pair<size_t, size_t> find_value(std::string_view json, std::string_view key, size_t from = 0);

}  // namespace argo::sim

// Makes text from outside safe to store and to show.
#include "text.h"

#include <array>
#include <ctime>

namespace argo {

namespace {

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

}  // namespace

std::string or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

std::size_t utf8_sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return static_cast<unsigned char>(at + offset < text.size() ? text[at + offset] : 0);
  };
  const unsigned char first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return is_continuation(byte(1)) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return is_continuation(byte(1)) && is_continuation(byte(2)) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return is_continuation(byte(1)) && is_continuation(byte(2)) && is_continuation(byte(3)) &&
                   !overlong && !beyond
               ? 4
               : 0;
  }
  return 0;
}

std::string storable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    if (length == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    if (text[at] != '\0')
      out += text.substr(at, length);
    at += length;
  }
  return out;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    const auto first = static_cast<unsigned char>(text[at]);
    const bool is_control = first < 0x20 || first == 0x7F;
    const std::string_view piece = length == 0  ? kReplacement
                                   : is_control ? std::string_view(" ")
                                                : text.substr(at, length);
    if (out.size() + piece.size() > max_bytes)
      return out + "...";
    out += piece;
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string format_utc(std::int64_t unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr)
    return std::to_string(unix_seconds);
  std::array<char, 40> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer.data();
}

}  // namespace argo

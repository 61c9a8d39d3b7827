// Mends what broken senders put into JSON, so that one bad value does not cost a whole answer.
#include "json_repair.h"

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "text.h"

namespace argo {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
         c == '-' || c == '.' || c == '_';
}

// Reads the four hex digits of \uXXXX at text[at] = '\\', or returns -1.
int escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
    return -1;
  int unit = 0;
  const char* first = text.data() + at + 2;
  const auto [end, error] = std::from_chars(first, first + 4, unit, 16);
  return error == std::errc() && end == first + 4 ? unit : -1;
}

// Appends the string that begins at text[at] = '"', mended; returns where it ends.
std::size_t append_string(std::string_view text, std::size_t at, std::string& out) {
  out += text[at++];
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\\') {
      const int unit = escaped_unit(text, at);
      const bool is_high = unit >= 0xD800 && unit <= 0xDBFF;
      const bool is_low = unit >= 0xDC00 && unit <= 0xDFFF;
      if (is_high) {
        const int next = escaped_unit(text, at + 6);
        const bool is_pair = next >= 0xDC00 && next <= 0xDFFF;
        out += is_pair ? text.substr(at, 12) : kReplacement;
        at += is_pair ? 12 : 6;
      } else if (is_low) {
        out += kReplacement;
        at += 6;
      } else {
        const std::size_t length = unit >= 0 ? 6 : 2;
        out += text.substr(at, length);
        at += length;
      }
      continue;
    }
    const std::size_t length = utf8_sequence_length(text, at);
    const bool is_control = static_cast<unsigned char>(text[at]) < 0x20;
    out += length == 0 || is_control ? kReplacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  if (at < text.size())
    out += text[at++];
  return at;
}

}  // namespace

std::string repair_json(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  std::string out;
  out.reserve(text.size() + 64);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = append_string(text, at, out);
      continue;
    }
    if (!is_word(text[at])) {
      out += text[at++];
      continue;
    }
    const std::size_t from = at;
    while (at < text.size() && is_word(text[at]))
      ++at;
    const std::string word(text.substr(from, at - from));
    out += nlohmann::json::accept(word) ? word : '"' + word + '"';
  }
  return out;
}

}  // namespace argo

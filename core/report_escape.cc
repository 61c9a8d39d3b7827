// Makes text from outside harmless in the report's markup, and readable whatever its script is.
#include "report_escape.h"

#include <cstdint>

#include "text.h"

namespace argo::report {

namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::string_view kFirstStrongIsolate = "\xE2\x81\xA8";
constexpr std::string_view kPopIsolate = "\xE2\x81\xA9";

// Returns the code point of a valid sequence.
std::uint32_t decode(std::string_view sequence) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(sequence[at]); };
  switch (sequence.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3:
      return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default:
      return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
             (byte(3) & 0x3FU);
  }
}

bool is_space(std::uint32_t code) {
  return code == ' ' || code == '\t' || code == '\n' || code == '\r' || code == 0x2028 ||
         code == 0x2029;
}

bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

bool is_noncharacter(std::uint32_t code) {
  return (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFEU) == 0xFFFE;
}

// Tells embeddings, overrides and isolates, which would reach beyond the name that holds them.
bool turns_direction(std::uint32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    const std::string_view sequence = text.substr(at, length);
    at += length == 0 ? 1 : length;
    const std::uint32_t code = length == 0 ? 0 : decode(sequence);
    if (is_space(code))
      out += ' ';
    else if (turns_direction(code))
      continue;
    else if (is_control(code) || is_noncharacter(code))
      out += kReplacement;
    else if (code == '&')
      out += "&amp;";
    else if (code == '<')
      out += "&lt;";
    else if (code == '>')
      out += "&gt;";
    else if (code == '"')
      out += "&quot;";
    else if (code == '\'')
      out += "&#39;";
    else
      out += sequence;
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t max_characters) {
  std::size_t characters = 0;
  std::size_t keep = 0;
  for (std::size_t at = 0; at < text.size(); ++characters) {
    if (characters == max_characters)
      return std::string(text.substr(0, keep)) + std::string(kEllipsis);
    const std::size_t length = utf8_sequence_length(text, at);
    at += length == 0 ? 1 : length;
    // One place is kept for the ellipsis.
    if (characters + 1 < max_characters)
      keep = at;
  }
  return std::string(text);
}

std::string html_name(std::string_view name) {
  return "<bdi>" + escape(name) + "</bdi>";
}

std::string isolated_name(std::string_view name) {
  return std::string(kFirstStrongIsolate) + escape(name) + std::string(kPopIsolate);
}

}  // namespace argo::report

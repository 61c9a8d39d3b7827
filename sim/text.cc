// Formats numbers and dates, and edits single values of JSON text.
#include "text.h"

#include <array>
#include <ctime>
#include <utility>

namespace argo::sim {
namespace {

constexpr uint64_t kPowers[] = {1,       10,       100,       1000,       10000,      100000,
                                1000000, 10000000, 100000000, 1000000000, 10000000000};

// Writes exactly nine digits.
void put_nine(char* at, uint32_t value) {
  static constexpr auto kPairs = [] {
    std::array<char, 200> pairs{};
    for (size_t i = 0; i < 100; ++i) {
      pairs[2 * i] = static_cast<char>('0' + i / 10);
      pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
  }();
  const uint32_t high = value / 10000;
  const uint32_t low = value - high * 10000;
  const uint32_t middle = high % 10000;
  at[0] = static_cast<char>('0' + high / 10000);
  std::memcpy(at + 1, &kPairs[size_t{2} * (middle / 100)], 2);
  std::memcpy(at + 3, &kPairs[size_t{2} * (middle % 100)], 2);
  std::memcpy(at + 5, &kPairs[size_t{2} * (low / 100)], 2);
  std::memcpy(at + 7, &kPairs[size_t{2} * (low % 100)], 2);
}

// Finds the end of the JSON value that begins at a position.
size_t value_end(std::string_view json, size_t at) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = at; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
      continue;
    }
    if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        return i;
      }
      --depth;
    } else if (c == ',' && depth == 0) {
      return i;
    }
  }
  return json.size();
}

}  // namespace

char* put_nano(char* at, int64_t value) {
  if (value < 0) {
    *at++ = '-';
    value = -value;
  }
  auto whole = static_cast<uint64_t>(value) / 1000000000;
  auto fraction = static_cast<uint64_t>(value) % 1000000000;
  if (whole >= 100000) {
    int digits = 6;
    while (digits < 11 && whole >= kPowers[digits]) {
      ++digits;
    }
    const uint64_t unit = kPowers[digits - 5];
    fraction = (fraction + unit / 2) / unit * unit;
    if (fraction >= 1000000000) {
      fraction -= 1000000000;
      ++whole;
    }
  }
  at = std::to_chars(at, at + kNumberRoom, whole).ptr;
  if (fraction == 0) {
    return at;
  }
  *at++ = '.';
  put_nine(at, static_cast<uint32_t>(fraction));
  at += 9;
  while (at[-1] == '0') {
    --at;
  }
  return at;
}

bool read_integer(std::string_view text, int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && !text.empty();
}

std::string http_date(int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, length};
}

std::pair<size_t, size_t> find_value(std::string_view json, std::string_view key, size_t from) {
  const std::string quoted = "\"" + std::string(key) + "\":";
  const size_t at = json.find(quoted, from);
  if (at == std::string_view::npos) {
    return {std::string_view::npos, std::string_view::npos};
  }
  const size_t begin = at + quoted.size();
  return {begin, value_end(json, begin)};
}

bool replace_value(std::string& json, std::string_view key, std::string_view value, size_t from) {
  const auto [begin, end] = find_value(json, key, from);
  if (begin == std::string_view::npos) {
    return false;
  }
  json.replace(begin, end - begin, value);
  return true;
}

}  // namespace argo::sim

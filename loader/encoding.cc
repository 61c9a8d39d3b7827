// Writes readings as PostgreSQL takes them, and reads them as it sends them.
#include "loader/encoding.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace argo::loader {

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;
// PostgreSQL counts from 2000-01-01.
constexpr std::int64_t kEpochDifferenceSeconds = 946'684'800;
constexpr std::size_t kBytesOfRow = 2 + (4 + 4) + (4 + 8) + kQuantities * (4 + 4);
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

// Appends an integer, the most significant byte first.
template <typename Unsigned>
void append(std::string& out, Unsigned value) {
  for (int shift = static_cast<int>(sizeof(Unsigned)) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(value >> static_cast<unsigned>(shift)));
}

template <typename Unsigned>
Unsigned decode(std::string_view bytes) {
  Unsigned value = 0;
  for (const char byte : bytes)
    value = static_cast<Unsigned>(value << 8U) | static_cast<unsigned char>(byte);
  return value;
}

// Joins what `text_of` makes of each reading as an array.
template <typename TextOf>
std::string to_array(const std::vector<Reading>& readings, TextOf text_of) {
  std::string out = "{";
  for (const Reading& reading : readings) {
    if (out.size() > 1)
      out += ',';
    text_of(reading, out);
  }
  return out + "}";
}

}  // namespace

CopyBytes::CopyBytes(std::size_t readings) {
  bytes_.reserve(kSignature.size() + 8 + readings * kBytesOfRow + 2);
  bytes_ = kSignature;
  append<std::uint32_t>(bytes_, 0);  // flags
  append<std::uint32_t>(bytes_, 0);  // length of the header's extension
}

void CopyBytes::add(std::int32_t channel_id, const Reading& reading) {
  append<std::uint16_t>(bytes_, 2 + kQuantities);
  append<std::uint32_t>(bytes_, sizeof(std::int32_t));
  append(bytes_, static_cast<std::uint32_t>(channel_id));
  append<std::uint32_t>(bytes_, sizeof(std::int64_t));
  append(bytes_,
         static_cast<std::uint64_t>((reading.ts - kEpochDifferenceSeconds) * kMicroseconds));
  for (const float value : reading.values) {
    if (std::isnan(value)) {
      append(bytes_, static_cast<std::uint32_t>(-1));
      continue;
    }
    append<std::uint32_t>(bytes_, sizeof(float));
    append(bytes_, std::bit_cast<std::uint32_t>(value));
  }
}

const std::string& CopyBytes::finish() {
  append(bytes_, static_cast<std::uint16_t>(-1));
  return bytes_;
}

std::string times_array(const std::vector<Reading>& readings) {
  return to_array(readings, [](const Reading& reading, std::string& out) {
    out += std::to_string(reading.ts);
  });
}

std::string values_array(const std::vector<Reading>& readings, std::size_t quantity) {
  return to_array(readings, [quantity](const Reading& reading, std::string& out) {
    const float value = reading.values[quantity];
    if (std::isnan(value)) {
      out += "NULL";
      return;
    }
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
  });
}

std::int64_t decode_bigint(std::string_view bytes) {
  return static_cast<std::int64_t>(decode<std::uint64_t>(bytes));
}

UnixTime decode_time(std::string_view bytes) {
  const std::int64_t microseconds = decode_bigint(bytes);
  return microseconds % (kSlotSeconds * kMicroseconds) == 0
             ? microseconds / kMicroseconds + kEpochDifferenceSeconds
             : kOffGrid;
}

float decode_real(std::string_view bytes) {
  return std::bit_cast<float>(decode<std::uint32_t>(bytes));
}

}  // namespace argo::loader

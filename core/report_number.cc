// Writes numbers as people do: thousands separators, a true minus, units, and no false precision.
#include "report_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "report_escape.h"

namespace argo::report {

namespace {

constexpr char kMinus[] = "\xE2\x88\x92";
// Numbers from here on are written with an exponent; nobody reads their digits.
constexpr double kTooLong = 1e15;

// Returns a number in plain digits; std::to_chars knows no locale.
std::string digits(double value, int decimals) {
  std::array<char, 64> buffer{};
  const bool is_long = std::abs(value) >= kTooLong;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    is_long ? std::chars_format::scientific : std::chars_format::fixed, decimals)
          .ptr;
  return {buffer.data(), end};
}

// Returns the decimals that leave about three significant digits.
int fitting_decimals(double value) {
  const double size = std::abs(value);
  if (size == 0 || size >= 99.95)
    return 0;
  return size >= 9.995 ? 1 : 2;
}

std::string symbol(const std::string& currency) {
  if (currency == "USD")
    return "$";
  if (currency == "EUR")
    return "\xE2\x82\xAC";
  if (currency == "GBP")
    return "\xC2\xA3";
  return currency.empty() ? std::string() : escape(shortened(currency, 8)) + kNoBreakSpace;
}

}  // namespace

std::string grouped(double value, int decimals) {
  if (std::abs(value) >= kTooLong)
    return std::string(value < 0 ? kMinus : "") + digits(std::abs(value), 2);
  const std::string plain = digits(std::abs(value), decimals);
  const std::size_t whole = plain.find('.') == std::string::npos ? plain.size() : plain.find('.');
  const bool is_zero = plain.find_first_of("123456789") == std::string::npos;
  std::string out = value < 0 && !is_zero ? kMinus : "";
  for (std::size_t i = 0; i < whole; ++i) {
    if (i > 0 && (whole - i) % 3 == 0)
      out += ',';
    out += plain[i];
  }
  return out + plain.substr(whole);
}

std::string rounded(double value) {
  return grouped(value, fitting_decimals(value));
}

std::string rounded(std::optional<double> value) {
  return value ? rounded(*value) : kNoFigure;
}

std::string quantity(std::optional<double> value, const std::string& unit) {
  return value ? rounded(*value) + kNoBreakSpace + unit : kNoFigure;
}

std::string counted(std::int64_t value, const std::string& singular, const std::string& plural) {
  return grouped(static_cast<double>(value), 0) + kNoBreakSpace +
         (value == 1       ? singular
          : plural.empty() ? singular + "s"
                           : plural);
}

std::string percent(std::optional<double> value) {
  if (!value)
    return kNoFigure;
  if (*value == 0 || *value == 100)
    return grouped(*value, 0) + "%";
  if (*value > 0 && *value < 0.05)
    return "under 0.1%";
  if (*value >= 99.95 && *value < 100)
    return "99.9%";
  return grouped(*value, 1) + "%";
}

std::string signed_percent(std::optional<double> value) {
  if (!value)
    return kNoFigure;
  const std::string plain = grouped(*value, std::abs(*value) >= 99.95 ? 0 : 1) + "%";
  const bool is_zero = plain.find_first_of("123456789") == std::string::npos;
  return *value > 0 && !is_zero ? "+" + plain : plain;
}

std::string money(double value, const std::string& currency, int decimals) {
  const std::string amount = grouped(std::abs(value), decimals);
  // What rounds to nothing shows its first digits, and has no sign where it has none.
  const bool is_nothing = amount.find_first_of("123456789") == std::string::npos;
  if (is_nothing && decimals == 0)
    return money(value, currency, 2);
  return (value < 0 && !is_nothing ? kMinus : std::string()) + symbol(currency) + amount;
}

std::string money(std::optional<double> value, const std::string& currency) {
  if (!value)
    return kNoFigure;
  return money(*value, currency, std::abs(*value) < 99.995 ? 2 : 0);
}

std::string rate(std::optional<double> value, const std::string& currency) {
  if (!value)
    return kNoFigure;
  int decimals = 2;
  const auto is_exact = [&](int places) {
    const double shifted = *value * std::pow(10, places);
    return std::abs(shifted - std::round(shifted)) < 1e-6;
  };
  while (decimals < 6 && !is_exact(decimals))
    ++decimals;
  return money(*value, currency, decimals);
}

std::string coordinate(double value) {
  constexpr double kFarOutside = 1e6;
  std::string out = digits(std::round(std::clamp(value, -kFarOutside, kFarOutside) * 10) / 10, 1);
  if (out.ends_with(".0"))
    out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}

}  // namespace argo::report

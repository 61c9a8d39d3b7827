// Reads dates and times as people write them, and none that do not exist.
#include "loader/instant.h"

#include <chrono>
#include <string_view>

namespace argo::loader {

namespace {

// Reads digits of a fixed number; -1 where there are others.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9')
      return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || year < 1970 || month < 0 || day < 0)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok())
    return std::nullopt;
  return std::chrono::sys_days(date);
}

// Reads Z, +HH, +HHMM or +HH:MM as seconds east of Greenwich.
std::optional<int> parse_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z")
    return 0;
  if (text[0] != '+' && text[0] != '-')
    return std::nullopt;
  const bool has_colon = text.size() == 6 && text[3] == ':';
  if (text.size() != 3 && text.size() != 5 && !has_colon)
    return std::nullopt;
  const int hours = digits(text, 1, 2);
  const int minutes = text.size() == 3 ? 0 : digits(text, has_colon ? 4 : 3, 2);
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59)
    return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

bool is_date(const std::string& text) {
  return text.size() == 10 && parse_date(text).has_value();
}

std::optional<UnixTime> parse_instant(const std::string& text) {
  const auto date = parse_date(text);
  if (!date)
    return std::nullopt;
  const auto midnight = static_cast<UnixTime>(date->time_since_epoch().count()) * kDaySeconds;
  std::string_view rest = std::string_view(text).substr(10);
  if (rest.empty())
    return midnight;
  const int hour = digits(rest, 1, 2);
  const int minute = digits(rest, 4, 2);
  const bool has_time = (rest[0] == 'T' || rest[0] == ' ') && hour >= 0 && hour < 24 &&
                        rest.size() >= 6 && rest[3] == ':' && minute >= 0 && minute < 60;
  if (!has_time)
    return std::nullopt;
  rest.remove_prefix(6);
  int second = 0;
  if (!rest.empty() && rest[0] == ':') {
    second = digits(rest, 1, 2);
    if (second < 0 || second > 59)
      return std::nullopt;
    rest.remove_prefix(3);
  }
  const auto zone = parse_zone(rest);
  if (!zone)
    return std::nullopt;
  return midnight + (UnixTime{hour} * 60 + minute) * 60 + second - *zone;
}

}  // namespace argo::loader

// Reads the report's times, which carry their offset from UTC, and writes them as people do.
#include "report_time.h"

#include <array>
#include <chrono>
#include <cstdlib>

#include "report_number.h"

namespace argo::report {

namespace {

constexpr std::array<const char*, 7> kWeekdays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};
constexpr char kDash[] = "\xE2\x80\x93";
constexpr int kMinutesOfDay = 24 * 60;

std::chrono::year_month_day calendar(Day day) {
  return std::chrono::sys_days(std::chrono::days(day));
}

std::string month(Day day) {
  return kMonths[static_cast<unsigned>(calendar(day).month()) - 1];
}

std::string number_in_month(Day day) {
  return std::to_string(static_cast<unsigned>(calendar(day).day()));
}

std::string year(Day day) {
  return std::to_string(static_cast<int>(calendar(day).year()));
}

std::string padded(int value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// Returns the number that `digits` digits at a place are, or nothing.
std::optional<int> digits_at(const std::string& text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size())
    return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9')
      return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool has(const std::string& text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

// Returns the offset in minutes that begins at a place: Z, +HH or +HH:MM.
std::optional<int> parse_offset(const std::string& text, std::size_t at) {
  if (has(text, at, 'Z'))
    return 0;
  const std::optional<int> hours = digits_at(text, at + 1, 2);
  if ((!has(text, at, '+') && !has(text, at, '-')) || !hours)
    return std::nullopt;
  const int minutes = has(text, at + 3, ':') ? digits_at(text, at + 4, 2).value_or(0) : 0;
  return (has(text, at, '-') ? -1 : 1) * (*hours * 60 + minutes);
}

std::string offset_note(const Moment& moment) {
  return std::string(kNoBreakSpace) + "(" + utc_offset(moment.offset_minutes) + ")";
}

}  // namespace

Day Moment::day() const {
  const std::chrono::sys_seconds local(
      std::chrono::seconds(utc_seconds + std::int64_t{offset_minutes} * 60));
  return std::chrono::floor<std::chrono::days>(local).time_since_epoch().count();
}

int Moment::minute_of_day() const {
  const std::int64_t local = utc_seconds + std::int64_t{offset_minutes} * 60;
  return static_cast<int>((local - day() * 86400) / 60);
}

std::optional<Day> parse_day(const std::string& text) {
  const std::optional<int> year = digits_at(text, 0, 4);
  const std::optional<int> month = digits_at(text, 5, 2);
  const std::optional<int> day = digits_at(text, 8, 2);
  if (!year || !month || !day || !has(text, 4, '-') || !has(text, 7, '-'))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok())
    return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<Moment> parse_moment(const std::string& text) {
  const std::optional<Day> day = parse_day(text);
  const std::optional<int> hour = digits_at(text, 11, 2);
  const std::optional<int> minute = digits_at(text, 14, 2);
  const std::optional<int> second = digits_at(text, 17, 2);
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const std::optional<int> offset = parse_offset(text, text.find_first_of("Z+-", 19));
  if (!offset)
    return std::nullopt;
  const std::int64_t local =
      *day * 86400 + std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + *second;
  return Moment{local - std::int64_t{*offset} * 60, *offset};
}

int iso_weekday(Day day) {
  return static_cast<int>(
      std::chrono::weekday(std::chrono::sys_days(std::chrono::days(day))).iso_encoding());
}

std::string weekday_name(Day day) {
  return kWeekdays[static_cast<std::size_t>(iso_weekday(day)) - 1];
}

std::string day_and_month(Day day) {
  return number_in_month(day) + kNoBreakSpace + month(day).substr(0, 3);
}

std::string short_day(Day day) {
  return weekday_name(day) + kNoBreakSpace + day_and_month(day);
}

std::string long_day(Day day) {
  return number_in_month(day) + kNoBreakSpace + month(day) + kNoBreakSpace + year(day);
}

std::string day_range(Day first, Day end) {
  const Day last = end - 1;
  const std::string until = weekday_name(last) + kNoBreakSpace + long_day(last);
  if (last <= first)
    return weekday_name(first) + kNoBreakSpace + long_day(first);
  std::string from = weekday_name(first) + kNoBreakSpace + number_in_month(first);
  if (month(first) != month(last) || year(first) != year(last))
    from += kNoBreakSpace + month(first);
  if (year(first) != year(last))
    from += kNoBreakSpace + year(first);
  return from + " to " + until;
}

std::string clock_time(int minute_of_day) {
  return padded(minute_of_day / 60) + ":" + padded(minute_of_day % 60);
}

std::string duration(std::int64_t minutes) {
  const std::int64_t whole_hours = minutes / 60;
  std::string rest = std::to_string(minutes % 60) + kNoBreakSpace + "min";
  if (whole_hours == 0)
    return rest;
  const std::string hours = grouped(static_cast<double>(whole_hours), 0) + kNoBreakSpace + "h";
  return minutes % 60 == 0 ? hours : hours + kNoBreakSpace + rest;
}

std::string utc_offset(int offset_minutes) {
  const int size = std::abs(offset_minutes);
  return std::string("UTC") + (offset_minutes < 0 ? "\xE2\x88\x92" : "+") +
         std::to_string(size / 60) + (size % 60 == 0 ? "" : ":" + padded(size % 60));
}

Clock::Clock(const Json& report) {
  std::optional<Moment> before;
  for (const Json& point : items(member(member(report, "charts"), "loadProfile"), "points")) {
    const std::optional<Moment> now = parse_moment(text(point, "t"));
    if (before && now && before->offset_minutes != now->offset_minutes)
      changes_[now->day()] = now->offset_minutes - before->offset_minutes;
    if (now)
      before = now;
  }
}

std::string Clock::time(const Moment& moment) const {
  return clock_time(moment.minute_of_day()) +
         (changes_.contains(moment.day()) ? offset_note(moment) : "");
}

std::string Clock::moment(const Moment& moment) const {
  return short_day(moment.day()) + ", " + time(moment);
}

std::string Clock::moment(const std::optional<Moment>& moment) const {
  return moment ? this->moment(*moment) : kNoFigure;
}

std::string Clock::range(const std::optional<Moment>& start,
                         const std::optional<Moment>& end) const {
  if (!start || !end)
    return moment(start ? start : end);
  const bool ends_at_midnight = end->minute_of_day() == 0 && end->day() == start->day() + 1;
  if (end->day() != start->day() && !ends_at_midnight)
    return moment(*start) + " to " + moment(*end);
  const std::string until = clock_time(ends_at_midnight ? kMinutesOfDay : end->minute_of_day());
  // One offset for both, unless the clock changes between them.
  const std::string from = start->offset_minutes == end->offset_minutes
                               ? clock_time(start->minute_of_day())
                               : time(*start);
  return short_day(start->day()) + ", " + from + kDash + until +
         (changes_.contains(start->day()) ? offset_note(*end) : "");
}

}  // namespace argo::report

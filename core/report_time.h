// Reads the report's times, which carry their offset from UTC, and writes them as people do.
#ifndef ARGO_CORE_REPORT_TIME_H_
#define ARGO_CORE_REPORT_TIME_H_

#include "host_free.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "report_value.h"

namespace argo::report {

inline constexpr std::int64_t kSecondsPerHour = 3600;

// A day of the calendar, counted from 1970-01-01.
using Day = std::int64_t;

// An instant, and what the clock at the site shows then.
struct Moment {
  std::int64_t utc_seconds = 0;
  int offset_minutes = 0;

  Day day() const;
  int minute_of_day() const;
  int hour() const { return minute_of_day() / 60; }
};

// Returns the day of YYYY-MM-DD, or nothing.
std::optional<Day> parse_day(const std::string& text);

// Returns the moment of an ISO 8601 time with an offset, or nothing.
std::optional<Moment> parse_moment(const std::string& text);

// Returns 1 for Monday to 7 for Sunday.
int iso_weekday(Day day);

// Return "Mon", "Mon 2 Mar", "2 March 2026" and "2 Mar".
std::string weekday_name(Day day);
std::string short_day(Day day);
std::string long_day(Day day);
std::string day_and_month(Day day);

// Returns the days from first to the one before end, such as "Mon 2 to Sun 8 March 2026".
std::string day_range(Day first, Day end);

// Returns a time of day such as 07:15, and 24:00 for the day's end.
std::string clock_time(int minute_of_day);

// Returns a duration such as "45 min" or "2 h 15 min".
std::string duration(std::int64_t minutes);

// Returns an offset such as UTC-5 or UTC+5:30, with a true minus.
std::string utc_offset(int offset_minutes);

// Writes moments of the period; on days when the clock changes each says its offset from UTC.
class Clock {
 public:
  // Learns from the report's hours when the clock changes.
  explicit Clock(const Json& report);

  // Returns the days when it changes, and by how many minutes it is put forward.
  const std::map<Day, int>& changes() const { return changes_; }

  // Returns "Mon 2 Mar, 14:15".
  std::string moment(const Moment& moment) const;
  std::string moment(const std::optional<Moment>& moment) const;

  // Returns "Mon 2 Mar, 14:15–16:30", or both days where they differ.
  std::string range(const std::optional<Moment>& start, const std::optional<Moment>& end) const;

 private:
  std::string time(const Moment& moment) const;

  std::map<Day, int> changes_;
};

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_TIME_H_

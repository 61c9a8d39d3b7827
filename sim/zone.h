// Time zones by their daylight-saving rules, without the machine's zone database.
#pragma once

#include <cstdint>
#include <string>

namespace argo::sim {

inline constexpr int64_t kDay = 86400;

enum class ZoneRule { kFixed, kUnitedStates, kEurope, kLordHowe };

struct Zone {
  std::string name;
  ZoneRule rule = ZoneRule::kFixed;
  int64_t standard = 0;  // seconds east of Greenwich outside daylight saving
};

// A stretch [from, to) of UTC seconds with one offset from UTC.
struct OffsetSpan {
  int64_t from = 0;
  int64_t to = 0;
  int64_t offset = 0;
};

struct CivilDate {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
};

// Counts the days from 1970-01-01 to a date.
int64_t days_from_civil(CivilDate date);

// Finds the date that is `days` days after 1970-01-01.
CivilDate civil_from_days(int64_t days);

// Divides and rounds towards minus infinity.
constexpr int64_t floor_div(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

// Finds the stretch of constant offset that holds a moment.
OffsetSpan offset_span(const Zone& zone, int64_t utc);

// Finds the UTC moment at which a local date begins.
int64_t local_midnight(const Zone& zone, CivilDate date);

}  // namespace argo::sim

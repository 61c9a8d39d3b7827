// Computes the clock changes of the United States, Europe and Lord Howe Island.
#include "zone.h"

#include <limits>

namespace argo::sim {
namespace {

constexpr int64_t kHour = 3600;

// Finds the n-th Sunday of a month (from 1), or the last one for n = 0, as days since 1970.
int64_t sunday(int64_t year, int month, int64_t n) {
  if (n == 0) {
    const int64_t last =
        days_from_civil({month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1}) - 1;
    return last - (last + 4) % 7;
  }
  const int64_t first = days_from_civil({year, month, 1});
  return first + (7 - (first + 4) % 7) % 7 + 7 * (n - 1);
}

// Finds the UTC moment at which daylight saving begins in a year.
int64_t saving_begins(const Zone& zone, int64_t year) {
  switch (zone.rule) {
    case ZoneRule::kUnitedStates:
      return sunday(year, 3, 2) * kDay + 2 * kHour - zone.standard;
    case ZoneRule::kEurope:
      return sunday(year, 3, 0) * kDay + kHour;
    default:
      return sunday(year, 10, 1) * kDay + 2 * kHour - zone.standard;
  }
}

// Tells how far daylight saving moves the clock.
int64_t saving_of(const Zone& zone) {
  return zone.rule == ZoneRule::kLordHowe ? kHour / 2 : kHour;
}

// Finds the UTC moment at which daylight saving ends in a year.
int64_t saving_ends(const Zone& zone, int64_t year) {
  const int64_t daylight = zone.standard + saving_of(zone);
  switch (zone.rule) {
    case ZoneRule::kUnitedStates:
      return sunday(year, 11, 1) * kDay + 2 * kHour - daylight;
    case ZoneRule::kEurope:
      return sunday(year, 10, 0) * kDay + kHour;
    default:
      return sunday(year, 4, 1) * kDay + 2 * kHour - daylight;
  }
}

}  // namespace

int64_t days_from_civil(CivilDate date) {
  const int64_t y = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = floor_div(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 1 -
         719468;
}

CivilDate civil_from_days(int64_t days) {
  const int64_t z = days + 719468;
  const int64_t era = floor_div(z, 146097);
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(doy - (153 * mp + 2) / 5 + 1)};
}

OffsetSpan offset_span(const Zone& zone, int64_t utc) {
  if (zone.rule == ZoneRule::kFixed) {
    return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
            zone.standard};
  }
  const int64_t year = civil_from_days(floor_div(utc, kDay)).year;
  const int64_t begins = saving_begins(zone, year);
  const int64_t ends = saving_ends(zone, year);
  const int64_t daylight = zone.standard + saving_of(zone);
  if (begins < ends) {
    if (utc < begins) {
      return {saving_ends(zone, year - 1), begins, zone.standard};
    }
    if (utc < ends) {
      return {begins, ends, daylight};
    }
    return {ends, saving_begins(zone, year + 1), zone.standard};
  }
  if (utc < ends) {
    return {saving_begins(zone, year - 1), ends, daylight};
  }
  if (utc < begins) {
    return {ends, begins, zone.standard};
  }
  return {begins, saving_ends(zone, year + 1), daylight};
}

int64_t local_midnight(const Zone& zone, CivilDate date) {
  const int64_t local = days_from_civil(date) * kDay;
  const int64_t guess = local - zone.standard;
  // None of the rules changes the clock at midnight, so the offset just found is the right one.
  return local - offset_span(zone, guess).offset;
}

}  // namespace argo::sim

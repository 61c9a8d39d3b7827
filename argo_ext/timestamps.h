// Turns Unix seconds into PostgreSQL's timestamptz and back.
#ifndef ARGO_EXT_TIMESTAMPS_H_
#define ARGO_EXT_TIMESTAMPS_H_

#include "../core/model.h"

#include <limits>

#include "pg.h"

namespace argo::pg {

inline constexpr std::int64_t kEpochDifferenceSeconds =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * kDaySeconds;

// Stands for a time that is not on the 15-minute grid.
inline constexpr UnixTime kOffGrid = std::numeric_limits<UnixTime>::min();

inline Datum to_timestamptz(UnixTime ts) {
  return TimestampTzGetDatum((ts - kEpochDifferenceSeconds) * USECS_PER_SEC);
}

// Returns the time, or kOffGrid.
inline UnixTime to_unix_time(Datum timestamp) {
  const TimestampTz microseconds = DatumGetTimestampTz(timestamp);
  return microseconds % (kSlotSeconds * USECS_PER_SEC) == 0
             ? microseconds / USECS_PER_SEC + kEpochDifferenceSeconds
             : kOffGrid;
}

}  // namespace argo::pg

#endif  // ARGO_EXT_TIMESTAMPS_H_

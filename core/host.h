// What the core asks of the host it runs in: the PostgreSQL backend or the loader.
#ifndef ARGO_CORE_HOST_H_
#define ARGO_CORE_HOST_H_

#include "host_free.h"

#include <cstdint>
#include <string>
#include <vector>

#include "model.h"

namespace argo {

// How often whoever waits asks whether the run is to end.
inline constexpr int kStopPollMs = 50;

enum class LogLevel : std::uint8_t { kDebug, kNotice, kWarning };

// What becomes of a stored reading that the API now gives another value.
enum class OnConflict : std::uint8_t { kNothing, kUpdate };

// Which stretch of time a run is for: the last `days` days, or whole days from one date to another.
struct PlanRequest {
  int days = 0;
  std::string start_date;     // YYYY-MM-DD at the site; empty: `days` counts
  std::string end_date;       // the last day; empty: up to now
  int lookback_days = 0;      // this many days and today are asked even where all is stored
  int max_catch_up_days = 0;  // how far back a channel's first incomplete day is looked for
};

// What to ask, from what is missing.
struct Plan {
  TimeRange range;                   // from the earliest start of a channel
  std::vector<ChannelRange> starts;  // of each channel, what the run is for
  std::vector<ChannelRange> to_ask;  // slots that are missing, or asked in any case
  std::int64_t expected = 0;         // slots in `starts`
};

// What became of the readings of a pull.
struct Stored {
  std::int64_t inserted = 0;
  std::int64_t differing = 0;  // stored before, with another value
  std::int64_t corrected = 0;  // of these, those that were changed
};

// How far a run is.
struct Progress {
  std::int64_t slots_done = 0;
  std::int64_t slots_planned = 0;
  std::int64_t readings = 0;  // received so far
  std::string text;           // a line for people
};

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  // Says whether the run is to end now. Asked every kStopPollMs at least, so it must be cheap.
  virtual bool stop_requested() = 0;

  // Passes a line to the user or the log. `text` never holds a secret.
  virtual void log(LogLevel level, const std::string& text) = 0;

  // Returns the time now.
  virtual UnixTime now() = 0;

  // Says what to ask of the API. Throws Error where the database does not know the site's zone.
  virtual Plan plan(const Site& site, const PlanRequest& request) = 0;

  // Takes pulls of a site to be stored, failed ones as log rows only, and the site itself where it
  // changed. Returns what became of those taken so far, in their order, as far as it is known by
  // now and was not returned before.
  virtual std::vector<Stored> store(const Site& site, std::vector<Pull> pulls) = 0;

  // Waits until all that was taken is stored. Returns what became of the rest.
  virtual std::vector<Stored> finish_storing() { return {}; }

  // Returns how many slots of a plan hold no reading.
  virtual std::int64_t count_missing(const Plan& plan) = 0;

  // Says how far the run is, at most once a second.
  virtual void progress(const Progress& progress) = 0;
};

}  // namespace argo

#endif  // ARGO_CORE_HOST_H_

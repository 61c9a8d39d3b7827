// What the core asks of the host it runs in: the PostgreSQL backend or the loader.
#ifndef ARGO_CORE_HOST_H_
#define ARGO_CORE_HOST_H_

#include "host_free.h"

#include <cstdint>
#include <string>
#include <vector>

#include "model.h"

namespace argo {

enum class LogLevel : std::uint8_t { kDebug, kNotice, kWarning };

class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  // Says whether the run is to end now. Asked at least every 50 ms, so it must be cheap.
  virtual bool stop_requested() = 0;

  // Passes a line to the user or the log. `text` never holds a secret.
  virtual void log(LogLevel level, const std::string& text) = 0;

  // Returns the time now.
  virtual UnixTime now() = 0;

  // Returns the slots from local midnight `days` days ago in `timezone` to the last one that ended
  // long enough ago to be final. Throws Error where the database does not know the zone.
  virtual TimeRange final_slots(const Organization& organization, int days) = 0;

  // Stores the pulls of a site, failed ones as log rows only, and the site itself where it changed.
  // Returns how many readings of each pull were new, in the order of `pulls`.
  virtual std::vector<std::int64_t> store(const Site& site, const std::vector<Pull>& pulls) = 0;

  // Returns how many slots of the site's channels in `range` hold a reading.
  virtual std::int64_t count_present(const Site& site, const TimeRange& range) = 0;
};

}  // namespace argo

#endif  // ARGO_CORE_HOST_H_

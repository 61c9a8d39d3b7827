// The rolling sync of one site: list, plan, fetch, check, store.
#ifndef ARGO_CORE_INGEST_H_
#define ARGO_CORE_INGEST_H_

#include "host_free.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host.h"
#include "model.h"
#include "settings.h"

namespace argo {

inline constexpr int kMaxDays = 3660;

// What became of one channel in a run.
struct ChannelResult {
  std::int64_t inserted = 0;
  std::int64_t pulls = 0;
  std::int64_t failed_pulls = 0;
  std::string error;  // of the first pull that failed
};

// What a run did. fetched = inserted + duplicates + rejected.
struct IngestResult {
  Site site;
  TimeRange range;
  std::int64_t requests = 0;    // HTTP requests sent, lists and retries included
  std::int64_t expected = 0;    // slots in the range, over all channels
  std::int64_t fetched = 0;     // records in the answers
  std::int64_t inserted = 0;    // readings that are new
  std::int64_t duplicates = 0;  // readings that were stored before or came twice
  std::int64_t rejected = 0;    // records that failed a check
  std::int64_t missing = 0;     // slots in the range that hold no reading after the run
  std::int64_t pulls = 0;
  std::int64_t failed_pulls = 0;
  std::map<std::int32_t, ChannelResult> channels;

  // 'success', 'partial' (some pulls failed) or 'failed' (all did).
  const char* status() const;
};

// Throws Error unless site and days are arguments that an ingest can begin with.
void check_ingest_arguments(const std::string& site, int days);

// Fetches and stores the last `days` days of a site. Throws Error where nothing could be tried: a
// refused login, an API out of reach, an unknown site. What fails later is in the result.
IngestResult ingest_site(Host& host, const Settings& settings, const std::string& site, int days);

}  // namespace argo

#endif  // ARGO_CORE_INGEST_H_

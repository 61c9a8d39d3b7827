// A run over one site: list, plan, fetch, check, store.
#ifndef ARGO_CORE_INGEST_H_
#define ARGO_CORE_INGEST_H_

#include "host_free.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host.h"
#include "model.h"
#include "settings.h"
#include "windows.h"

namespace argo {

inline constexpr int kMaxDays = 3660;

// What may wait before it is stored, which bounds memory.
inline constexpr std::size_t kMaxWaitingReadings = 65536;

// What a run is for and how it goes about it.
struct IngestRequest {
  std::string site;
  PlanRequest plan;
  int window_days = kWindowDays;  // of one request at most
  int store_every_s = 0;          // 0: by store_at_readings alone, and at the end
  std::size_t store_at_readings = kMaxWaitingReadings;
  bool is_dry_run = false;  // plans, asks for no reading
};

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
  Plan plan;
  std::int64_t requests = 0;    // HTTP requests sent, lists and retries included
  std::int64_t fetched = 0;     // records in the answers
  std::int64_t inserted = 0;    // readings that are new
  std::int64_t duplicates = 0;  // readings that were stored before or came twice
  std::int64_t differing = 0;   // of these, those stored with another value
  std::int64_t corrected = 0;   // of these, those that were changed
  std::int64_t rejected = 0;    // records that failed a check
  std::int64_t missing = 0;     // slots of the plan that hold no reading after the run
  std::int64_t pulls = 0;       // of a dry run: the windows to ask for
  std::int64_t failed_pulls = 0;
  std::int64_t asked = 0;              // slots in the windows that were asked for, or would be
  double estimated_ms = 0;             // of a dry run
  std::optional<double> clock_skew_s;  // the API's time less this machine's; nothing: unknown
  bool is_dry_run = false;
  std::map<std::int32_t, ChannelResult> channels;
  std::map<std::string, std::int64_t> reject_reasons;

  // 'success', 'partial' (some pulls failed), 'failed' (all did) or 'planned' (a dry run).
  const char* status() const;
};

// Says how many of the pulls failed.
std::string failed_pulls_text(const IngestResult& result);

// Says that of a site, and of up to three channels why; for a warning.
std::string failure_message(const IngestResult& result);
std::string failure_detail(const IngestResult& result);

// Throws Error unless the request is one that a run can begin with.
void check_ingest_request(const IngestRequest& request);

// Fetches and stores what a request is for. Throws Error where nothing could be tried: a refused
// login, an API out of reach, an unknown site. What fails later is in the result.
IngestResult run_ingest(Host& host, const Settings& settings, const IngestRequest& request);

}  // namespace argo

#endif  // ARGO_CORE_INGEST_H_

// Writes what the core knows as the JSON that the functions of sql/ingest take, for both hosts.
#ifndef ARGO_CORE_PAYLOAD_H_
#define ARGO_CORE_PAYLOAD_H_

#include "host_free.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ingest.h"
#include "model.h"

namespace argo {

// For _argo_store_site: the organization, its devices and its channels.
std::string site_payload(const Site& site);

// For _argo_log_pulls: a row a pull. `stored` is in the order of `pulls`.
std::string pulls_payload(const std::vector<Pull>& pulls, const std::vector<Stored>& stored);

// For _argo_log_rejects: a row a reject; "[]" where there are none.
std::string rejects_payload(const std::vector<Pull>& pulls);

// For _argo_log_sync: a row a channel.
std::string channels_payload(const IngestResult& result);

// For _argo_ingest_plan: the ids of a site's channels as a PostgreSQL array, such as {1,2,3}.
std::string channel_array(const Site& site);

// For _argo_ingest_plan: what a run is for.
std::string plan_request_payload(const PlanRequest& request);

// Reads what _argo_ingest_plan returns.
Plan parse_plan(const std::string& payload);

// For _argo_count_missing: [{channel_id, start, end}], times in Unix seconds.
std::string ranges_payload(const std::vector<ChannelRange>& ranges);

}  // namespace argo

#endif  // ARGO_CORE_PAYLOAD_H_

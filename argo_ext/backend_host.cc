// The backend as the core's host: interrupts, notices, the clock and the tables of this server.
#include "backend_host.h"

#include "../core/error.h"
#include "../core/payload.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "boundary.h"
#include "readings_store.h"

namespace argo::pg {

namespace {

// A time as the SQL of this file takes it: Unix seconds in a text parameter.
std::string instant(int parameter) {
  return "pg_catalog.to_timestamp($" + std::to_string(parameter) + "::double precision)";
}

void warn_of_failures(const IngestResult& result) {
  if (result.failed_pulls == 0)
    return;
  const std::string message = failure_message(result);
  const std::string detail = failure_detail(result);
  call([&] {
    ereport(WARNING,
            (errmsg_internal("%s", message.c_str()), errdetail_internal("%s", detail.c_str()),
             errhint("SELECT * FROM ingestion_logs WHERE status = 'failure' ORDER BY id DESC;")));
  });
}

}  // namespace

BackendHost::BackendHost(std::string schema, OnConflict on_conflict, std::optional<UnixTime> as_of)
    : schema_(std::move(schema)),
      on_conflict_(on_conflict),
      as_of_(as_of),
      started_at_(BackendHost::now()) {}

bool BackendHost::stop_requested() {
  return pg::stop_requested();
}

void BackendHost::log(LogLevel level, const std::string& text) {
  const int pg_level = level == LogLevel::kDebug    ? DEBUG1
                       : level == LogLevel::kNotice ? NOTICE
                                                    : WARNING;
  report(pg_level, text.c_str());
}

UnixTime BackendHost::now() {
  return as_of_ ? *as_of_ : static_cast<UnixTime>(std::time(nullptr));
}

Plan BackendHost::plan(const Site& site, const PlanRequest& request) {
  const Organization& organization = site.organization;
  const Text payload =
      query_value("SELECT " + schema_ + "._argo_ingest_plan($1, $2::integer[], " + schema_ +
                      "._argo_site_zone($1, $3), $4::jsonb, " + instant(5) + ")",
                  {organization.id, channel_array(site), organization.timezone,
                   plan_request_payload(request), std::to_string(now())});
  Plan plan = parse_plan(payload.value());
  for (const ChannelRange& ask : plan.to_ask)
    slots_planned_ += ask.range.slots();
  return plan;
}

std::vector<Stored> BackendHost::store(const Site& site, std::vector<Pull> pulls) {
  if (!is_site_stored_)
    query("SELECT " + schema_ + "._argo_store_site($1::jsonb)", {site_payload(site)});
  is_site_stored_ = true;
  std::vector<Stored> stored;
  stored.reserve(pulls.size());
  ReadingsStore readings(schema_, on_conflict_);
  readings.lock_channels(pulls);
  for (const Pull& pull : pulls) {
    if (stop_requested())
      throw Cancelled();
    stored.push_back(readings.store(pull));
    slots_stored_ += pull.window.slots();
    readings_ += pull.fetched;
  }
  readings.finish();
  const std::string& id = site.organization.id;
  query("SELECT " + schema_ + "._argo_log_pulls($1, $2::jsonb, " + instant(3) + ")",
        {id, pulls_payload(pulls, stored), std::to_string(now())});
  if (const std::string rejects = rejects_payload(pulls); rejects != "[]")
    query("SELECT " + schema_ + "._argo_log_rejects($1, $2::jsonb)", {id, rejects});
  return stored;
}

std::int64_t BackendHost::count_missing(const Plan& plan) {
  return std::stoll(query_value("SELECT " + schema_ + "._argo_count_missing($1::jsonb)",
                                {ranges_payload(plan.starts)})
                        .value());
}

void BackendHost::progress(const Progress& progress) {
  slots_planned_ = progress.slots_planned;
  report(NOTICE, progress.text.c_str());
}

void BackendHost::set_up_if_missing() {
  if (query_value("SELECT pg_catalog.to_regclass($1) IS NULL",
                  {schema_ + "._argo_schema_version"}) == "t") {
    refuse_to_adopt();
    query("SELECT pg_catalog.count(*) FROM " + schema_ + ".argo_setup()");
    report(NOTICE, ("created Argo's tables and views in schema " + schema_).c_str());
  } else {
    query("SELECT " + schema_ + "._argo_require_schema()");
  }
}

void BackendHost::refuse_to_adopt() {
  if (query_value("SELECT pg_catalog.to_regclass($1) IS NULL", {schema_ + ".readings"}) == "t")
    return;
  // Says what does not fit, if anything does not.
  query("SELECT pg_catalog.count(*) FROM " + schema_ + ".argo_setup(dry_run => true)");
  throw Error(sqlstate::kNotSetUp, "the tables of schema " + schema_ + " were not made by argo",
              "They fit, and can be taken over as they are. Nothing was asked for or stored.",
              "See what that does with SELECT * FROM " + schema_ +
                  ".argo_setup(dry_run => true); and do it with SELECT * FROM " + schema_ +
                  ".argo_setup();");
}

void BackendHost::begin_run(const std::string& site, const char* kind) {
  query("SELECT " + schema_ + "._argo_lock_site($1)", {site});
  run_ = query_value("SELECT " + schema_ + "._argo_begin_run($1, $2)", {site, std::string(kind)});
}

void BackendHost::note_run(const std::string& status, const Text& message,
                           const Text& clock_skew_s) {
  query("SELECT " + schema_ +
            "._argo_note_run($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5, $6, "
            "$7::double precision)",
        {run_, std::to_string(std::max(slots_planned_, slots_stored_)),
         std::to_string(slots_stored_), std::to_string(readings_), status, message, clock_skew_s});
}

void BackendHost::end_run(const IngestResult& result) {
  Text error;
  if (result.failed_pulls > 0)
    error = failed_pulls_text(result);
  query("SELECT " + schema_ + "._argo_log_sync($1, " + instant(2) + ", $3::jsonb, $4, $5)",
        {result.site.organization.id, std::to_string(started_at_), channels_payload(result),
         std::string(result.status()), error});
  Text clock_skew_s;
  // A clock that stands still has nothing to do with the API's.
  if (result.clock_skew_s && !as_of_)
    clock_skew_s = std::to_string(*result.clock_skew_s);
  note_run(result.status(), error, clock_skew_s);
  warn_of_failures(result);
}

void BackendHost::refresh_views() {
  const auto error = in_subtransaction(
      [&] { query("SELECT pg_catalog.count(*) FROM " + schema_ + ".argo_refresh()"); });
  if (!error)
    return;
  if (error->data() != nullptr && error->data()->sqlerrcode == ERRCODE_QUERY_CANCELED)
    throw *error;
  const std::string reason = error->message();
  call([&] {
    ereport(WARNING, (errmsg("could not refresh the materialized views"),
                      errdetail_internal("%s. The readings are stored.", reason.c_str()),
                      errhint("SELECT * FROM argo_refresh();")));
  });
}

}  // namespace argo::pg

// The backend as the core's host: interrupts, notices, the clock and the tables of this server.
#include "backend_host.h"

#include "../core/error.h"
#include "../core/payload.h"

#include <ctime>
#include <utility>

#include "boundary.h"
#include "sql.h"

namespace argo::pg {

namespace {

std::int64_t to_integer(const Text& text) {
  return text ? std::stoll(*text) : 0;
}

}  // namespace

BackendHost::BackendHost(std::string schema, std::optional<UnixTime> as_of)
    : schema_(std::move(schema)), as_of_(as_of) {}

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

TimeRange BackendHost::final_slots(const Organization& organization, int days) {
  const Rows rows = query(
      "SELECT extract(epoch FROM range_start)::bigint, extract(epoch FROM range_end)::bigint "
      "FROM " +
          schema_ + "._argo_ingest_range(" + schema_ +
          "._argo_site_zone($1, $2), $3::integer, pg_catalog.to_timestamp($4::double precision))",
      {organization.id, organization.timezone, std::to_string(days), std::to_string(now())});
  return {to_integer(rows.at(0).at(0)), to_integer(rows.at(0).at(1))};
}

std::vector<std::int64_t> BackendHost::store(const Site& site, const std::vector<Pull>& pulls) {
  if (!is_site_stored_)
    query("SELECT " + schema_ + "._argo_store_site($1::jsonb)", {site_payload(site)});
  is_site_stored_ = true;
  if (!writer_)
    writer_ = make_spi_writer(schema_);
  std::vector<std::int64_t> inserted;
  inserted.reserve(pulls.size());
  for (const Pull& pull : pulls) {
    if (stop_requested())
      throw Cancelled();
    inserted.push_back(writer_->write(pull));
  }
  const std::string& id = site.organization.id;
  query("SELECT " + schema_ + "._argo_log_pulls($1, $2::jsonb)",
        {id, pulls_payload(pulls, inserted)});
  if (const std::string rejects = rejects_payload(pulls); rejects != "[]")
    query("SELECT " + schema_ + "._argo_log_rejects($1, $2::jsonb)", {id, rejects});
  return inserted;
}

std::int64_t BackendHost::count_present(const Site& site, const TimeRange& range) {
  return to_integer(query_value(
      "SELECT " + schema_ +
          "._argo_count_present($1::integer[], pg_catalog.to_timestamp($2::double precision),"
          " pg_catalog.to_timestamp($3::double precision))",
      {channel_array(site), std::to_string(range.from), std::to_string(range.to)}));
}

void BackendHost::log_sync(const IngestResult& result, UnixTime started) {
  const std::string failed =
      std::to_string(result.failed_pulls) + " of " + std::to_string(result.pulls) + " pulls failed";
  query("SELECT " + schema_ +
            "._argo_log_sync($1, pg_catalog.to_timestamp($2::double precision), $3::jsonb, $4, $5)",
        {result.site.organization.id, std::to_string(started), channels_payload(result),
         std::string(result.status()), result.failed_pulls == 0 ? Text() : Text(failed)});
}

}  // namespace argo::pg

// argo_ingest(): the rolling sync of one site, in one transaction.
#include "../core/ingest.h"

#include "../core/error.h"
#include "../core/text.h"

#include <chrono>
#include <optional>
#include <string>

#include "backend_host.h"
#include "boundary.h"
#include "connection.h"
#include "sql.h"

namespace argo::pg {

namespace {

struct Arguments {
  std::string site;
  int days;
  std::string server;
  bool refresh;
  std::optional<UnixTime> as_of;
};

Arguments read_arguments(FunctionCallInfo fcinfo) {
  enum : std::uint8_t { kSite, kDays, kServer, kRefresh, kAsOf };
  constexpr const char* kExample = "For example: SELECT * FROM argo_ingest('23271', 7);";
  const std::pair<int, const char*> required[] = {
      {kSite, "site"}, {kDays, "days"}, {kServer, "server"}, {kRefresh, "refresh"}};
  for (const auto& [number, name] : required)
    if (PG_ARGISNULL(number))
      throw Error(sqlstate::kInvalidParameter,
                  std::string("argument ") + name + " must not be null",
                  "Nothing was asked for or stored.", kExample);
  Arguments arguments{*text_argument(fcinfo, kSite), PG_GETARG_INT32(kDays),
                      *text_argument(fcinfo, kServer), PG_GETARG_BOOL(kRefresh), std::nullopt};
  if (PG_ARGISNULL(kAsOf))
    return arguments;
  if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(kAsOf)))
    throw Error(sqlstate::kInvalidParameter, "argument as_of must be a finite time",
                "Nothing was asked for or stored.", "Leave it out to use the time now.");
  arguments.as_of = static_cast<UnixTime>(timestamptz_to_time_t(PG_GETARG_TIMESTAMPTZ(kAsOf)));
  return arguments;
}

// Creates the tables where this database has none yet.
void set_up_if_missing(const std::string& schema) {
  const Text is_missing =
      query_value("SELECT pg_catalog.to_regclass($1) IS NULL", {schema + "._argo_schema_version"});
  if (is_missing != "t")
    return;
  query("SELECT pg_catalog.count(*) FROM " + schema + ".argo_setup()");
  report(NOTICE, ("created Argo's tables and views in schema " + schema).c_str());
}

// Refreshes the materialized views. The readings count even where that fails, so it only warns.
void refresh_views(const std::string& schema) {
  const auto error = in_subtransaction(
      [&] { query("SELECT pg_catalog.count(*) FROM " + schema + ".argo_refresh()"); });
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

// Warns of pulls that failed, naming a channel or three.
void warn_of_failures(const IngestResult& result) {
  if (result.failed_pulls == 0)
    return;
  constexpr int kMaxNamed = 3;
  int named = 0;
  std::string detail;
  for (const auto& [id, channel] : result.channels)
    if (channel.failed_pulls > 0 && ++named <= kMaxNamed)
      detail += "Channel " + std::to_string(id) + ": " + channel.error + ". ";
  if (named > kMaxNamed)
    detail += "And " + std::to_string(named - kMaxNamed) + " more channels. ";
  const std::string message = "site " + result.site.organization.id + ": " +
                              std::to_string(result.failed_pulls) + " of " +
                              std::to_string(result.pulls) + " pulls failed";
  call([&] {
    ereport(WARNING,
            (errmsg_internal("%s", message.c_str()),
             errdetail_internal("%sWhat the other pulls brought is stored.", detail.c_str()),
             errhint("SELECT * FROM ingestion_logs WHERE status = 'failure' ORDER BY id DESC;")));
  });
}

// Makes the row that the caller sees.
Datum to_row(FunctionCallInfo fcinfo, const IngestResult& result, double duration_ms) {
  const std::string range =
      "[" + format_utc(result.range.from) + "," + format_utc(result.range.to) + ")";
  return call([&]() -> Datum {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "argo_ingest must return a row");
    descriptor = BlessTupleDesc(descriptor);
    Oid range_input = InvalidOid;
    Oid range_parameter = InvalidOid;
    getTypeInputInfo(TSTZRANGEOID, &range_input, &range_parameter);
    Datum values[] = {
        CStringGetTextDatum(result.site.organization.id.c_str()),
        OidInputFunctionCall(range_input, const_cast<char*>(range.c_str()), range_parameter, -1),
        Int32GetDatum(static_cast<int32>(result.site.channels.size())),
        Int64GetDatum(result.requests),
        Int64GetDatum(result.expected),
        Int64GetDatum(result.fetched),
        Int64GetDatum(result.inserted),
        Int64GetDatum(result.duplicates),
        Int64GetDatum(result.rejected),
        Int64GetDatum(result.missing),
        Int64GetDatum(result.failed_pulls),
        CStringGetTextDatum(result.status()),
        Float8GetDatum(duration_ms),
    };
    bool nulls[lengthof(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
  });
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_ingest, Statement::kMayBeLogged) {
  using namespace argo::pg;
  const auto started = std::chrono::steady_clock::now();
  call([] { PreventCommandIfReadOnly("argo_ingest()"); });
  const Arguments arguments = read_arguments(fcinfo);
  argo::check_ingest_arguments(arguments.site, arguments.days);
  const argo::Settings settings = connection_settings(arguments.server);
  const std::string schema = schema_of_function(fcinfo);

  open_spi();
  set_up_if_missing(schema);
  query("SELECT " + schema + "._argo_lock_site($1)", {arguments.site});
  BackendHost host(schema, arguments.as_of);
  const argo::UnixTime started_at = host.now();
  const argo::IngestResult result =
      argo::ingest_site(host, settings, arguments.site, arguments.days);
  host.log_sync(result, started_at);
  if (arguments.refresh)
    refresh_views(schema);
  warn_of_failures(result);
  close_spi();

  const std::chrono::duration<double, std::milli> duration =
      std::chrono::steady_clock::now() - started;
  return to_row(fcinfo, result, duration.count());
}

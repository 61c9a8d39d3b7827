// argo_ingest(): the rolling sync of one site, in one transaction.
#include "../core/ingest.h"

#include "../core/text.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "arguments.h"
#include "backend_host.h"
#include "boundary.h"
#include "connection.h"
#include "sql.h"

namespace argo::pg {

namespace {

// Makes the row that the caller sees.
Datum to_row(FunctionCallInfo fcinfo, const IngestResult& result, double duration_ms) {
  const std::string range =
      "[" + format_utc(result.plan.range.from) + "," + format_utc(result.plan.range.to) + ")";
  const std::string reasons = nlohmann::json(result.reject_reasons).dump();
  return call([&]() -> Datum {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "argo_ingest must return a row");
    descriptor = BlessTupleDesc(descriptor);
    const auto from_text = [](Oid type, const std::string& text) {
      Oid input = InvalidOid;
      Oid parameter = InvalidOid;
      getTypeInputInfo(type, &input, &parameter);
      return OidInputFunctionCall(input, const_cast<char*>(text.c_str()), parameter, -1);
    };
    Datum values[] = {
        CStringGetTextDatum(result.site.organization.id.c_str()),
        from_text(TSTZRANGEOID, range),
        Int32GetDatum(static_cast<int32>(result.site.channels.size())),
        Int64GetDatum(result.requests),
        Int64GetDatum(result.is_dry_run ? result.asked : result.plan.expected),
        Int64GetDatum(result.fetched),
        Int64GetDatum(result.inserted),
        Int64GetDatum(result.duplicates),
        Int64GetDatum(result.rejected),
        Int64GetDatum(result.missing),
        Int64GetDatum(result.failed_pulls),
        CStringGetTextDatum(result.status()),
        Float8GetDatum(result.is_dry_run ? result.estimated_ms : duration_ms),
        Int64GetDatum(result.pulls),
        Int64GetDatum(result.differing),
        Int64GetDatum(result.corrected),
        from_text(JSONBOID, reasons),
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
  argo::IngestRequest request;
  request.site = required_text(fcinfo, 0, "site");
  request.plan.days = required_integer(fcinfo, 1, "days");
  const std::string server = required_text(fcinfo, 2, "server");
  const bool refresh = required_boolean(fcinfo, 3, "refresh");
  request.is_dry_run = required_boolean(fcinfo, 4, "dry_run");
  const argo::OnConflict on_conflict = required_on_conflict(fcinfo, 5);
  request.plan.lookback_days = required_integer(fcinfo, 6, "lookback_days");
  request.plan.max_catch_up_days = required_integer(fcinfo, 7, "max_catch_up_days");
  const auto as_of = optional_instant(fcinfo, 8);
  argo::check_ingest_request(request);
  const argo::Settings settings = connection_settings(server);

  open_spi();
  BackendHost host(schema_of_function(fcinfo), on_conflict, as_of);
  host.set_up_if_missing();
  if (!request.is_dry_run)
    host.begin_run(request.site, "ingest");
  const argo::IngestResult result = argo::run_ingest(host, settings, request);
  if (!result.is_dry_run) {
    host.end_run(result);
    if (refresh)
      host.refresh_views();
  }
  close_spi();

  const std::chrono::duration<double, std::milli> duration =
      std::chrono::steady_clock::now() - started;
  return to_row(fcinfo, result, duration.count());
}

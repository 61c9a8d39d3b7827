// argo_backfill(): a stretch of history of one site, in a transaction a chunk, so that what is
// fetched is kept however it ends.
#include "../core/ingest.h"

#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "backend_host.h"
#include "boundary.h"
#include "connection.h"
#include "procedure.h"
#include "sql.h"

namespace argo::pg {

namespace {

// At most so much work is lost with a backend that dies.
constexpr int kSecondsPerChunk = 10;

// A host that commits what it has stored.
class BackfillHost : public BackendHost {
 public:
  BackfillHost(const std::string& schema, OnConflict on_conflict, std::optional<UnixTime> as_of,
               std::string site)
      : BackendHost(schema, on_conflict, as_of), site_(std::move(site)) {}

  std::vector<Stored> store(const Site& site, std::vector<Pull> pulls) override {
    std::vector<Stored> stored = BackendHost::store(site, std::move(pulls));
    note_run("running", text_);
    next_transaction();
    return stored;
  }

  void progress(const Progress& progress) override {
    BackendHost::progress(progress);
    text_ = progress.text;
  }

  // Commits, and takes the lock again that went with the transaction.
  void next_transaction() {
    commit();
    begin_transaction();
    query("SELECT " + schema() + "._argo_lock_site($1, true)", {site_});
  }

 private:
  std::string site_;
  Text text_;
};

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_backfill, Statement::kMayBeLogged) {
  using namespace argo::pg;
  require_own_transactions(fcinfo, "argo_backfill");
  call([] { PreventCommandIfReadOnly("argo_backfill()"); });
  argo::IngestRequest request;
  request.site = required_text(fcinfo, 0, "site");
  request.plan.start_date = required_date(fcinfo, 1, "start_date");
  if (!PG_ARGISNULL(2))
    request.plan.end_date = required_date(fcinfo, 2, "end_date");
  const std::string server = required_text(fcinfo, 3, "server");
  request.window_days = required_integer(fcinfo, 4, "window_days");
  const bool refresh = required_boolean(fcinfo, 5, "refresh");
  const argo::OnConflict on_conflict = required_on_conflict(fcinfo, 6);
  const auto as_of = optional_instant(fcinfo, 7);
  request.store_every_s = kSecondsPerChunk;
  argo::check_ingest_request(request);
  const argo::Settings settings = connection_settings(server);

  open_spi_for_commits();
  begin_transaction();
  BackfillHost host(schema_of_function(fcinfo), on_conflict, as_of, request.site);
  host.set_up_if_missing();
  host.begin_run(request.site, "backfill");
  host.next_transaction();
  const argo::IngestResult result = argo::run_ingest(host, settings, request);
  host.end_run(result);
  const std::string summary = "site " + request.site + ": " + std::to_string(result.inserted) +
                              " readings inserted, " + std::to_string(result.duplicates) +
                              " stored before, " + std::to_string(result.rejected) + " rejected, " +
                              std::to_string(result.missing) + " missing";
  report(NOTICE, summary.c_str());
  if (refresh) {
    host.next_transaction();
    host.refresh_views();
  }
  // The caller's next statement finds its own search_path.
  commit();
  close_spi();
  PG_RETURN_VOID();
}

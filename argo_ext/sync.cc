// argo_sync(): what a schedule calls for a site: ingest, refresh, validate, a transaction each.
#include "../core/ingest.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "backend_host.h"
#include "boundary.h"
#include "procedure.h"
#include "sql.h"

namespace argo::pg {

namespace {

// What a report needs of an error of PostgreSQL's, in UTF-8.
struct Reason {
  std::string sqlstate;
  std::string text;  // message and detail
};

std::string to_utf8(const char* text) {
  return call([=]() -> const char* {
    return pg_server_to_any(text, static_cast<int>(strlen(text)), PG_UTF8);
  });
}

Reason reason_of(const PgError& error) {
  const ErrorData* data = error.data();
  Reason reason{"53200", to_utf8(error.message())};
  if (data != nullptr)
    reason.sqlstate = unpack_sql_state(data->sqlerrcode);
  if (data != nullptr && data->detail != nullptr)
    reason.text += ": " + to_utf8(data->detail);
  return reason;
}

// Says whether nothing more may be tried: somebody wants it to end, or there is no memory.
bool is_final(const PgError& error) {
  return error.data() == nullptr || error.data()->sqlerrcode == ERRCODE_QUERY_CANCELED;
}

// The stages of a sync, each a transaction. What a stage raises is kept, in SPI's memory, which
// commits leave alone; SPI must be open.
class Sync {
 public:
  Sync(std::string schema, std::string site, std::optional<UnixTime> as_of)
      : schema_(std::move(schema)),
        site_(std::move(site)),
        as_of_(as_of ? Text(std::to_string(*as_of)) : Text()),
        host_(schema_, OnConflict::kNothing, as_of) {}

  void set_up() {
    begin_transaction();
    host_.set_up_if_missing();
    commit();
  }

  void ingest(int days, const std::string& server) {
    begin_transaction();
    const std::string started_at = std::to_string(host_.now());
    // Outside of what is recorded: another run is no failure of the site's.
    lock_site();
    const auto error = attempt("nothing ingested", [&] {
      const Rows rows = query("SELECT inserted, duplicates, rejected, missing FROM " + schema_ +
                                  ".argo_ingest($1, $2::integer, $3, refresh => false, "
                                  "as_of => pg_catalog.to_timestamp($4::double precision))",
                              {site_, std::to_string(days), server, as_of_});
      const std::vector<Text>& row = rows.at(0);
      return row[0].value() + " readings inserted, " + row[1].value() + " stored before, " +
             row[2].value() + " rejected, " + row[3].value() + " missing";
    });
    if (error)
      note_failure(*error, started_at);
    commit();
    stop_after(error);
  }

  void refresh() {
    begin_transaction();
    keep_others_out();
    const auto error = attempt("no view refreshed", [&] {
      std::string done;
      for (const std::vector<Text>& row :
           query("SELECT view, strategy, reason FROM " + schema_ + ".argo_refresh()"))
        done += (done.empty() ? "" : ", ") + row[0].value() + " " + row[1].value() +
                (row[2] ? " (" + *row[2] + ")" : "");
      return done.empty() ? "no view to refresh" : done;
    });
    commit();
    stop_after(error);
  }

  void validate() {
    begin_transaction();
    keep_others_out();
    const auto error = attempt("not validated", [&] {
      std::size_t failing = 0;
      const Rows rules = query("SELECT status FROM " + schema_ +
                                   ".argo_validate(site => $1, "
                                   "as_of => pg_catalog.to_timestamp($2::double precision))",
                               {site_, as_of_});
      for (const std::vector<Text>& rule : rules)
        failing += rule[0] == "fail" ? 1 : 0;
      const Text state = query_value(
          "SELECT state FROM " + schema_ + ".circuit_breakers WHERE site_id = $1", {site_});
      return "breaker " + state.value_or("unknown") + ", " + std::to_string(failing) + " of " +
             std::to_string(rules.size()) + " rules fail";
    });
    commit();
    stop_after(error);
  }

  // Says what was done, and throws what the first stage that failed had raised.
  void finish() const {
    report(NOTICE, ("site " + site_ + ": " + done_).c_str());
    if (first_error_)
      throw *first_error_;
  }

 private:
  // Takes the site's lock, which goes with the transaction; throws where another run has it.
  void lock_site() { query("SELECT " + schema_ + "._argo_lock_site($1)", {site_}); }

  // Takes the lock for a later stage. Where another run has come in between, both go on.
  void keep_others_out() {
    stop_after(in_subtransaction([&] { lock_site(); }));
  }

  // Runs a body and returns the error that it was rolled back for.
  template <typename Body>
  static std::optional<PgError> undone_on_error(Body&& body) {
    return in_subtransaction([&] {
      body();
      // A constraint that the user deferred would fail in the commit, where nothing can be kept.
      query("SET CONSTRAINTS ALL IMMEDIATE");
    });
  }

  // Runs a stage whose error is rolled back and kept; `body` says what it did, `otherwise` what
  // became of it where it failed.
  template <typename Body>
  std::optional<PgError> attempt(const char* otherwise, Body&& body) {
    std::string done;
    const auto error = undone_on_error([&] { done = body(); });
    if (error && !first_error_) {
      first_error_ = error;
      record([&] {
        const Reason reason = reason_of(*error);
        query("SELECT " + schema_ + "._argo_alert_failed_sync($1, $2, $3)",
              {site_, reason.sqlstate, reason.text});
      });
    }
    done_ += (done_.empty() ? "" : "; ") + (error ? std::string(otherwise) : done);
    return error;
  }

  // Records why nothing was ingested.
  void note_failure(const PgError& error, const std::string& started_at) {
    record([&] {
      query("SELECT " + schema_ +
                "._argo_note_failed_sync($1, pg_catalog.to_timestamp($2::double precision), $3)",
            {site_, started_at, reason_of(error).text});
    });
  }

  // Runs what records an error. Its own failure must not hide that, so it is only warned of.
  template <typename Body>
  void record(Body&& body) {
    const auto error = undone_on_error(body);
    if (!error)
      return;
    is_stopped_ = is_stopped_ || is_final(*error);
    const char* reason = error->message();
    call([=] {
      ereport(WARNING, (errmsg("could not record that the sync failed"),
                        errdetail_internal("%s. The sync's own error follows.", reason)));
    });
  }

  void stop_after(const std::optional<PgError>& error) const {
    if (error && (is_stopped_ || is_final(*error)))
      throw *error;
  }

  std::string schema_;
  std::string site_;
  Text as_of_;  // Unix seconds
  BackendHost host_;
  std::string done_;
  std::optional<PgError> first_error_;
  bool is_stopped_ = false;  // while an error was recorded
};

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_sync, Statement::kMayBeLogged) {
  using namespace argo::pg;
  require_own_transactions(fcinfo, "argo_sync");
  call([] { PreventCommandIfReadOnly("argo_sync()"); });
  argo::IngestRequest request;
  request.site = required_text(fcinfo, 0, "site");
  request.plan.days = required_integer(fcinfo, 1, "days");
  const std::string server = required_text(fcinfo, 2, "server");
  const auto as_of = optional_instant(fcinfo, 3);
  argo::check_ingest_request(request);

  open_spi_for_commits();
  Sync sync(schema_of_function(fcinfo), request.site, as_of);
  sync.set_up();
  sync.ingest(request.plan.days, server);
  sync.refresh();
  sync.validate();
  sync.finish();
  close_spi();
  PG_RETURN_VOID();
}

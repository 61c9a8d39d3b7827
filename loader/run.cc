// What the commands ingest, backfill and sync do: a run of the core over the database of a URL.
#include "loader/run.h"

#include "core/error.h"
#include "loader/loader_host.h"
#include "loader/schema.h"
#include "loader/signals.h"
#include "loader/transaction.h"
#include "loader/writer.h"

#include <functional>
#include <utility>
#include <vector>

namespace argo::loader {

namespace {

// What the thread is handed at once; it makes larger chunks of what has come by the time it is
// free.
constexpr std::size_t kStoreAtReadings = 8192;
// At most so much work is lost with a loader that dies.
constexpr int kStoreEverySeconds = 2;

constexpr char kCancelledByServer[] = "57014";

// Makes of any error one that carries its exit code and advises commands of the loader.
Failure to_failure(const Error& error) {
  return {exit_code_of(error), error.sqlstate().c_str(), error.message(), error.detail(),
          error.hint()};
}

std::string reason_of(const Error& error) {
  return error.message() + (error.detail().empty() ? "" : ": " + error.detail());
}

// Says whether nothing more may be tried in the database.
bool is_final(const Failure& failure) {
  return failure.exit_code() == ExitCode::kDatabaseUnreachable ||
         failure.exit_code() == ExitCode::kAnotherRun || failure.sqlstate() == kCancelledByServer;
}

std::string schema_of(Writer& writer, const std::string& name) {
  std::string schema;
  writer.run([&](Connection& connection) {
    run_transaction(connection, [&] { schema = find_schema(connection, name); });
  });
  return schema;
}

HostOptions host_options(const RunOptions& options, std::string schema) {
  const bool is_backfill = !options.request.plan.start_date.empty();
  return {std::move(schema),   options.request.site, is_backfill ? "backfill" : "ingest",
          options.on_conflict, options.as_of,        options.request.is_dry_run};
}

// Runs the core. Where it was ended by an error of the writer's, throws that.
IngestResult run_core(LoaderHost& host, Writer& writer, const RunOptions& options) {
  IngestRequest request = options.request;
  request.store_at_readings = kStoreAtReadings;
  request.store_every_s = kStoreEverySeconds;
  try {
    IngestResult result = run_ingest(host, options.settings, request);
    if (!result.is_dry_run)
      host.end_run(result);
    return result;
  } catch (const Cancelled&) {
    if (stop_signal() == 0)
      writer.rethrow();
    throw;
  }
}

// Runs a statement in a transaction of its own, with the site's lock unless another run has come in
// between: then both go on.
Rows select(Writer& writer, const std::string& schema, const std::string& site,
            const Statement& statement) {
  Rows rows;
  const auto run = [&](Connection& connection, bool with_lock) {
    std::vector<Statement> statements = begin_transaction();
    if (with_lock)
      statements.push_back({"SELECT " + schema + "._argo_lock_site($1)", {site}});
    statements.push_back(statement);
    statements.push_back({"COMMIT", {}});
    run_transaction(connection, [&] {
      std::vector<Rows> answers = connection.pipeline(statements);
      rows = std::move(answers[answers.size() - 2]);
    });
  };
  writer.run([&](Connection& connection) {
    try {
      run(connection, true);
    } catch (const DatabaseError& error) {
      if (error.exit_code() != ExitCode::kAnotherRun)
        throw;
      run(connection, false);
    }
  });
  return rows;
}

// Refreshes the materialized views. The readings count even where that fails, so it only warns.
void refresh_views(Writer& writer, const std::string& schema, const std::string& site,
                   Terminal& terminal) {
  try {
    select(writer, schema, site,
           {"SELECT pg_catalog.count(*) FROM " + schema + ".argo_refresh()", {}});
  } catch (const Error& error) {
    terminal.warning("could not refresh the materialized views",
                     reason_of(error) + ". The readings are stored.", "argo-loader refresh");
  }
}

// The stages of a sync. What a stage raises is kept.
class Sync {
 public:
  Sync(const RunOptions& options, Terminal& terminal, Writer& writer)
      : options_(options),
        terminal_(terminal),
        writer_(writer),
        schema_(schema_of(writer, options.schema)),
        host_(host_options(options, schema_), writer, terminal) {}

  SyncResult run() {
    host_.check();
    stage("nothing ingested", [this] { return ingest(); });
    stage("no view refreshed", [this] { return refresh(); });
    stage("not validated", [this] { return validate(); });
    result_.summary = "site " + options_.request.site + ": " + done_;
    return std::move(result_);
  }

 private:
  // Runs a stage, which says what it did; `otherwise` says what became of it where it failed.
  void stage(const char* otherwise, const std::function<std::string()>& body) {
    std::string text = otherwise;
    try {
      text = body();
    } catch (const Error& error) {
      const Failure failure = to_failure(error);
      if (failure.exit_code() == ExitCode::kAnotherRun)
        throw Failure(failure);
      const bool is_first = !result_.error;
      if (is_first)
        result_.error = failure;
      record(failure, is_first);
      if (is_final(failure))
        throw Failure(failure);
    }
    done_ += (done_.empty() ? "" : "; ") + text;
  }

  std::string ingest() {
    is_ingesting_ = true;
    result_.ingest = run_core(host_, writer_, options_);
    is_ingesting_ = false;
    const IngestResult& row = *result_.ingest;
    return std::to_string(row.inserted) + " readings inserted, " + std::to_string(row.duplicates) +
           " stored before, " + std::to_string(row.rejected) + " rejected, " +
           std::to_string(row.missing) + " missing";
  }

  std::string refresh() {
    const Rows views =
        select(writer_, schema_, options_.request.site,
               {"SELECT view, strategy, reason FROM " + schema_ + ".argo_refresh()", {}});
    std::string done;
    for (const Row& row : views.rows)
      done += (done.empty() ? "" : ", ") + row[0].value() + " " + row[1].value() +
              (row[2] ? " (" + *row[2] + ")" : "");
    return done.empty() ? "no view to refresh" : done;
  }

  std::string validate() {
    const std::string& site = options_.request.site;
    // A volatile function's writes are seen by the next statement only, so two.
    const Rows rules = select(
        writer_, schema_, site,
        {"SELECT status FROM " + schema_ +
             ".argo_validate(site => $1, as_of => pg_catalog.to_timestamp($2::double precision))",
         {site, options_.as_of ? Text(std::to_string(*options_.as_of)) : Text()}});
    const Rows state =
        select(writer_, schema_, site,
               {"SELECT state FROM " + schema_ + ".circuit_breakers WHERE site_id = $1", {site}});
    std::size_t failing = 0;
    for (const Row& rule : rules.rows)
      failing += rule[0] == "fail" ? 1 : 0;
    return "breaker " +
           (state.rows.empty() ? std::string("unknown") : state.rows[0][0].value_or("unknown")) +
           ", " + std::to_string(failing) + " of " + std::to_string(rules.rows.size()) +
           " rules fail";
  }

  // Records why a stage failed. Its own failure must not hide that, so it is only warned of.
  void record(const Failure& failure, bool is_first) {
    if (failure.exit_code() == ExitCode::kDatabaseUnreachable)
      return;
    try {
      if (std::exchange(is_ingesting_, false))
        note_failed_ingest(failure);
      if (is_first)
        select(writer_, schema_, options_.request.site,
               {"SELECT " + schema_ + "._argo_alert_failed_sync($1, $2, $3)",
                {options_.request.site, failure.sqlstate(), reason_of(failure)}});
    } catch (const Error& error) {
      terminal_.warning("could not record that the sync failed",
                        reason_of(error) + ". The sync's own error follows.");
    }
  }

  // Records why nothing, or not all, was ingested.
  void note_failed_ingest(const Failure& failure) {
    const std::string& site = options_.request.site;
    const std::string started_at = std::to_string(host_.started_at());
    if (!host_.is_entered()) {
      select(writer_, schema_, site,
             {"SELECT " + schema_ +
                  "._argo_note_failed_sync($1, pg_catalog.to_timestamp($2::double precision), $3)",
              {site, started_at, reason_of(failure)}});
      return;
    }
    host_.fail_run(reason_of(failure));
    select(writer_, schema_, site,
           {"SELECT " + schema_ +
                "._argo_log_sync($1, pg_catalog.to_timestamp($2::double precision), '[]',"
                " 'failed', $3)",
            {site, started_at, reason_of(failure)}});
  }

  const RunOptions& options_;
  Terminal& terminal_;
  Writer& writer_;
  std::string schema_;
  LoaderHost host_;
  SyncResult result_;
  std::string done_;
  bool is_ingesting_ = false;
};

// Runs a command with a writer; tells the database where a signal ends it, and throws every error
// of the database's as a Failure that advises commands.
template <typename Body>
auto with_writer(const RunOptions& options, Terminal& terminal, Body body) {
  check_ingest_request(options.request);
  try {
    Writer writer(options.url, terminal);
    return body(writer);
  } catch (const Error& error) {
    throw to_failure(error);
  }
}

}  // namespace

IngestResult run_ingest_command(const RunOptions& options, Terminal& terminal) {
  return with_writer(options, terminal, [&](Writer& writer) {
    const std::string schema = schema_of(writer, options.schema);
    LoaderHost host(host_options(options, schema), writer, terminal);
    IngestResult result;
    try {
      host.check();
      result = run_core(host, writer, options);
    } catch (const Cancelled&) {
      writer.abandon();
      throw;
    } catch (const Error& error) {
      const Failure failure = to_failure(error);
      try {
        if (!is_final(failure))
          host.fail_run(reason_of(failure));
      } catch (const Error&) {
        terminal.debug("the ledger of runs could not be told of the error");
      }
      throw;
    }
    if (options.refresh_after && !result.is_dry_run)
      refresh_views(writer, schema, options.request.site, terminal);
    return result;
  });
}

SyncResult run_sync_command(const RunOptions& options, Terminal& terminal) {
  return with_writer(options, terminal, [&](Writer& writer) {
    Sync sync(options, terminal, writer);
    try {
      return sync.run();
    } catch (const Cancelled&) {
      writer.abandon();
      throw;
    }
  });
}

}  // namespace argo::loader

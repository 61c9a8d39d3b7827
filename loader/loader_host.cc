// The loader as the core's host: signals, the terminal, the clock, and the tables of a database
// that a thread of its own writes to.
#include "loader/loader_host.h"

#include "core/payload.h"
#include "loader/connect.h"
#include "loader/signals.h"
#include "loader/transaction.h"

#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

namespace argo::loader {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::seconds kLookFor{15};
constexpr std::chrono::seconds kLookForSession{5};

// A time as the SQL of this file takes it: Unix seconds in a text parameter.
std::string instant(int parameter) {
  return "pg_catalog.to_timestamp($" + std::to_string(parameter) + "::double precision)";
}

// Returns when the site's run of a loader was last heard of; nothing where none is entered.
Text last_heard_of(Connection& connection, const std::string& schema, const std::string& site) {
  return connection
      .query("SELECT extract(epoch FROM pg_catalog.max(r.updated_at)) FROM " + schema +
                 ".ingest_runs AS r WHERE r.organization_id = $1 AND r.status = 'running'"
                 " AND r.heartbeat_s IS NOT NULL",
             {site})
      .rows.at(0)
      .at(0);
}

}  // namespace

void run_locked(Connection& connection, const std::string& schema, const std::string& site,
                const std::function<void()>& body) {
  auto since = Clock::now();
  std::optional<Text> heard;
  int times_heard = 0;
  while (true) {
    try {
      run_transaction(connection, body);
      return;
    } catch (const DatabaseError& error) {
      if (error.exit_code() != ExitCode::kAnotherRun)
        throw;
      Text last;
      run_transaction(connection, [&] { last = last_heard_of(connection, schema, site); });
      if (!heard) {
        if (connection.patience().tell)
          connection.patience().tell(error.message() + ", or died: waiting to see");
      } else if (last != *heard) {
        ++times_heard;
        since = Clock::now();
      }
      heard = last;
      // A loader that was killed may be heard of once more, by a COMMIT that it had sent before.
      if (times_heard > 1 || Clock::now() - since > (last ? kLookFor : kLookForSession))
        throw;
    }
    pause_for(kLookEvery, connection.patience());
  }
}

LoaderHost::LoaderHost(HostOptions options, Writer& writer, Terminal& terminal)
    : options_(std::move(options)),
      writer_(writer),
      terminal_(terminal),
      started_at_(LoaderHost::now()),
      ledger_(options_.schema, options_.site, options_.kind),
      store_(options_.schema, options_.on_conflict, options_.as_of, ledger_,
             [&terminal](const std::string& text) { terminal.debug(text); }) {}

LoaderHost::~LoaderHost() {
  writer_.detach();
}

void LoaderHost::check() {
  writer_.run([this](Connection& connection) {
    run_locked(connection, options_.schema, options_.site, [&] {
      std::vector<Statement> statements = begin_transaction();
      statements.push_back({"SELECT " + options_.schema + "._argo_require_schema()", {}});
      if (!options_.is_dry_run) {
        // Raises 25006 where nothing can be written.
        statements.push_back(
            {"UPDATE " + options_.schema + ".ingest_runs SET message = message WHERE false", {}});
        statements.push_back(ledger_.lock());
      }
      statements.push_back({"COMMIT", {}});
      connection.pipeline(statements);
    });
  });
}

bool LoaderHost::stop_requested() {
  return stop_signal() != 0 || writer_.has_failed();
}

void LoaderHost::log(LogLevel level, const std::string& text) {
  if (level == LogLevel::kDebug)
    terminal_.debug(text);
  else if (level == LogLevel::kNotice)
    terminal_.notice(text);
  else
    terminal_.warning(text);
}

UnixTime LoaderHost::now() {
  return options_.as_of ? *options_.as_of : static_cast<UnixTime>(std::time(nullptr));
}

Plan LoaderHost::plan(const Site& site, const PlanRequest& request) {
  const Organization& organization = site.organization;
  std::vector<Statement> statements = begin_transaction();
  if (!options_.is_dry_run) {
    statements.push_back(ledger_.lock());
    statements.push_back(ledger_.enter());
  }
  statements.push_back({"SELECT " + options_.schema + "._argo_ingest_plan($1, $2::integer[], " +
                            options_.schema + "._argo_site_zone($1, $3), $4::jsonb, " + instant(5) +
                            ")",
                        {organization.id, channel_array(site), organization.timezone,
                         plan_request_payload(request), std::to_string(now())}});
  statements.push_back({"COMMIT", {}});

  Plan plan;
  writer_.run([&](Connection& connection) {
    std::vector<Rows> answers;
    run_locked(connection, options_.schema, options_.site,
               [&] { answers = connection.pipeline(statements); });
    const std::size_t plan_at = answers.size() - 2;
    plan = parse_plan(answers[plan_at].rows.at(0).at(0).value());
    if (!options_.is_dry_run)
      ledger_.entered(answers[plan_at - 1].rows.at(0).at(0));
  });
  std::int64_t slots = 0;
  for (const ChannelRange& ask : plan.to_ask)
    slots += ask.range.slots();
  ledger_.plan(slots);
  if (!options_.is_dry_run)
    writer_.attach(store_, ledger_);
  return plan;
}

std::vector<Stored> LoaderHost::store(const Site& site, std::vector<Pull> pulls) {
  return writer_.store(site, std::move(pulls));
}

std::vector<Stored> LoaderHost::finish_storing() {
  return writer_.finish_storing();
}

std::int64_t LoaderHost::count_missing(const Plan& plan) {
  std::vector<Statement> statements = begin_transaction();
  // It may take longer than a run that is not heard of counts as alive.
  if (is_entered())
    statements.push_back(ledger_.lock_entered());
  const std::size_t count_at = statements.size();
  statements.push_back({"SELECT " + options_.schema + "._argo_count_missing($1::jsonb)",
                        {ranges_payload(plan.starts)}});
  if (is_entered())
    statements.push_back(ledger_.note_running({}));
  statements.push_back({"COMMIT", {}});
  std::vector<Rows> answers;
  writer_.run([&](Connection& connection) {
    run_transaction(connection, [&] { answers = connection.pipeline(statements); });
  });
  if (is_entered() && answers[count_at + 1].rows.empty())
    throw Failure(ledger_.taken_over());
  return std::stoll(answers[count_at].rows.at(0).at(0).value());
}

void LoaderHost::progress(const Progress& progress) {
  ledger_.tell(progress);
  terminal_.progress(progress);
}

void LoaderHost::end_run(const IngestResult& result) {
  Text error;
  if (result.failed_pulls > 0)
    error = failed_pulls_text(result);
  Text clock_skew_s;
  // A clock that stands still has nothing to do with the API's.
  if (result.clock_skew_s && !options_.as_of)
    clock_skew_s = std::to_string(*result.clock_skew_s);
  writer_.detach();
  std::vector<Statement> statements = begin_transaction();
  statements.push_back(ledger_.lock_entered());
  statements.push_back(
      {"SELECT " + options_.schema + "._argo_log_sync($1, " + instant(2) + ", $3::jsonb, $4, $5)",
       {result.site.organization.id, std::to_string(started_at_), channels_payload(result),
        std::string(result.status()), error}});
  statements.push_back(ledger_.note(result.status(), error, clock_skew_s, {}));
  statements.push_back({"COMMIT", {}});
  writer_.run([&](Connection& connection) {
    run_transaction(connection, [&] { connection.pipeline(statements); });
  });
  if (result.failed_pulls > 0)
    terminal_.warning(failure_message(result), failure_detail(result),
                      "SELECT * FROM ingestion_logs WHERE status = 'failure' ORDER BY id DESC;");
}

void LoaderHost::fail_run(const std::string& reason) {
  if (!ledger_.is_entered())
    return;
  writer_.detach();
  const Statement note = ledger_.note("failed", reason, {}, {});
  writer_.run([&](Connection& connection) {
    run_transaction(connection, [&] { connection.query(note.sql, note.parameters); });
  });
}

}  // namespace argo::loader

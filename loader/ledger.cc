// What a run says of itself in the table ingest_runs, so that others see it live.
#include "loader/ledger.h"

#include <algorithm>
#include <utility>

namespace argo::loader {

Ledger::Ledger(std::string schema, std::string site, std::string kind)
    : schema_(std::move(schema)), site_(std::move(site)), kind_(std::move(kind)) {}

Statement Ledger::lock() const {
  return {"SELECT " + schema_ + "._argo_lock_site($1)", {site_}};
}

Statement Ledger::lock_entered() const {
  return {"SELECT " + schema_ + "._argo_lock_site($1, true)", {site_}};
}

Statement Ledger::look() const {
  const std::lock_guard lock(mutex_);
  return {
      "SELECT r.status, r.slots_done, pg_catalog.pg_backend_pid(),"
      " pg_catalog.pg_current_xact_id()::xid FROM " +
          schema_ + ".ingest_runs AS r WHERE r.id = $1",
      {run_}};
}

Statement Ledger::enter() const {
  return {"SELECT " + schema_ + "._argo_begin_run($1, $2, $3::integer)",
          {site_, kind_, std::to_string(kHeartbeatSeconds)}};
}

void Ledger::entered(const Text& id) {
  const std::lock_guard lock(mutex_);
  run_ = id;
}

bool Ledger::is_entered() const {
  const std::lock_guard lock(mutex_);
  return run_.has_value();
}

Statement Ledger::note(const std::string& status, const Text& message, const Text& clock_skew_s,
                       const RunCounts& more) const {
  const std::lock_guard lock(mutex_);
  const std::int64_t done = counts_.slots + more.slots;
  return {"WITH mine AS MATERIALIZED (SELECT r.id FROM " + schema_ +
              ".ingest_runs AS r WHERE r.id = $1 AND r.status = 'running' FOR UPDATE) SELECT " +
              schema_ +
              "._argo_note_run(mine.id, $2::bigint, $3::bigint, $4::bigint, $5, $6,"
              " $7::double precision) FROM mine",
          {run_, std::to_string(std::max(slots_planned_, done)), std::to_string(done),
           std::to_string(counts_.readings + more.readings), status, message, clock_skew_s}};
}

Statement Ledger::note_running(const RunCounts& more) const {
  Text text;
  {
    const std::lock_guard lock(mutex_);
    text = text_;
  }
  return note("running", text, {}, more);
}

void Ledger::plan(std::int64_t slots) {
  const std::lock_guard lock(mutex_);
  slots_planned_ = slots;
}

void Ledger::tell(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  slots_planned_ = progress.slots_planned;
  text_ = progress.text;
}

void Ledger::add(const RunCounts& more) {
  const std::lock_guard lock(mutex_);
  counts_.slots += more.slots;
  counts_.readings += more.readings;
}

RunCounts Ledger::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::string Ledger::progress_text() const {
  const std::lock_guard lock(mutex_);
  return text_.value_or("");
}

Failure Ledger::taken_over() const {
  return {ExitCode::kAnotherRun, "55P03", "another run has taken over site " + site_,
          "This one was not heard of for " + std::to_string(5 * kHeartbeatSeconds) +
              " s and counted as dead. What it stored by then stays.",
          "wait for the other run to end; argo-loader status shows it"};
}

}  // namespace argo::loader

// Stores pulls, a transaction a chunk, which is repeated as a whole until it is known to be stored.
#include "loader/chunk_store.h"

#include "core/payload.h"
#include "loader/encoding.h"
#include "loader/transaction.h"

#include <algorithm>
#include <ctime>
#include <numeric>
#include <utility>

namespace argo::loader {

namespace {

constexpr char kUniqueViolation[] = "23505";

// Ends a session that the attempt before left behind, if it still has that transaction open, since
// its lock would keep this one waiting.
void end_session(Connection& connection, const Text& process_id, const Text& transaction_id) {
  try {
    connection.query(
        "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a"
        " WHERE a.pid = $1::integer AND a.backend_xid = $2::pg_catalog.xid"
        " AND a.pid <> pg_catalog.pg_backend_pid()",
        {process_id, transaction_id});
  } catch (const DatabaseError& error) {
    // A role that may not end it waits until the server does.
    if (error.is_lost())
      throw;
  }
}

// Returns the order by time, then channel: the BRIN index depends on it.
std::vector<std::size_t> order_of(const std::vector<Pull>& pulls) {
  std::vector<std::size_t> order(pulls.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(pulls[a].window.from, pulls[a].channel_id, a) <
           std::tuple(pulls[b].window.from, pulls[b].channel_id, b);
  });
  return order;
}

}  // namespace

ChunkStore::ChunkStore(std::string schema, OnConflict on_conflict, std::optional<UnixTime> as_of,
                       Ledger& ledger, std::function<void(const std::string&)> log)
    : schema_(std::move(schema)),
      on_conflict_(on_conflict),
      as_of_(as_of),
      ledger_(ledger),
      log_(std::move(log)),
      table_(schema_) {}

std::vector<Stored> ChunkStore::store(Connection& connection, const Site& site,
                                      std::vector<Pull> pulls) {
  const std::vector<std::size_t> order = order_of(pulls);
  Chunk chunk;
  chunk.site = &site;
  for (const std::size_t at : order) {
    chunk.counts.slots += pulls[at].window.slots();
    chunk.counts.readings += pulls[at].fetched;
    chunk.pulls.push_back(std::move(pulls[at]));
  }
  run_transaction(connection, [&] {
    while (!attempt(connection, chunk))
      connection.rollback();
  });
  is_site_stored_ = true;
  ledger_.add(chunk.counts);
  std::vector<Stored> stored(chunk.stored.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    stored[order[i]] = chunk.stored[i];
  return stored;
}

// Stores the chunk and returns true; false where it must be undone and be tried by INSERT.
bool ChunkStore::attempt(Connection& connection, Chunk& chunk) {
  if (begin(connection, chunk)) {
    connection.rollback();
    return true;
  }
  if (!chunk.by_insert && !table_.copy_refusal().empty()) {
    log_("readings are stored by INSERT: " + table_.copy_refusal());
    chunk.by_insert = true;
  }
  if (chunk.by_insert) {
    insert(connection, chunk);
  } else if (!copy(connection, chunk)) {
    log_("readings of a chunk are stored by INSERT: another session stores them too");
    chunk.by_insert = true;
    chunk.process_id.reset();
    return false;
  }
  finish(connection, chunk);
  return true;
}

// Begins the transaction and reads what is stored. Returns true where an attempt before has stored
// the chunk, though nobody could say so.
bool ChunkStore::begin(Connection& connection, Chunk& chunk) {
  if (chunk.process_id)
    end_session(connection, chunk.process_id, chunk.transaction_id);
  std::vector<Statement> statements = begin_transaction();
  // Whoever stored the chunk before us, and still holds this lock, is done once we have it.
  statements.push_back(ledger_.lock_entered());
  const std::size_t run_at = statements.size();
  statements.push_back(ledger_.look());
  const std::size_t table_at = statements.size();
  const bool is_known = table_.is_known();
  if (!is_known)
    statements.push_back(table_.look());
  if (!is_site_stored_)
    statements.push_back(
        {"SELECT " + schema_ + "._argo_store_site($1::jsonb)", {site_payload(*chunk.site)}});
  std::vector<const Pull*> read;
  for (const Pull& pull : chunk.pulls)
    if (!pull.readings.empty())
      read.push_back(&pull);
  if (!read.empty())
    statements.push_back(table_.read(read));
  const std::vector<Rows> answers = connection.pipeline(statements);

  if (answers[run_at].rows.empty())
    throw Failure(ledger_.taken_over());
  const Row& run = answers[run_at].rows.front();
  const std::int64_t done_then = ledger_.counts().slots + chunk.counts.slots;
  // Nobody but this run moves the number; a transaction id, after a crash, may be another's.
  if (chunk.is_commit_sent && chunk.counts.slots > 0 && run[1] == std::to_string(done_then))
    return true;
  chunk.is_commit_sent = false;
  if (run[0] != "running")
    throw Failure(ledger_.taken_over());
  chunk.process_id = run[2];
  chunk.transaction_id = run[3];
  if (!is_known)
    table_.learn(answers[table_at]);
  take_stored(chunk, read.empty() ? Rows() : answers.back());
  return false;
}

// Compares the chunk with what is stored of its windows.
void ChunkStore::take_stored(Chunk& chunk, const Rows& answer) const {
  const auto with_readings = std::count_if(chunk.pulls.begin(), chunk.pulls.end(),
                                           [](const Pull& pull) { return !pull.readings.empty(); });
  const auto before = ReadingsTable::readings_of(answer, static_cast<std::size_t>(with_readings));
  chunk.deltas.assign(chunk.pulls.size(), {});
  chunk.stored.assign(chunk.pulls.size(), {});
  auto next = before.begin();
  for (std::size_t i = 0; i < chunk.pulls.size(); ++i) {
    if (chunk.pulls[i].readings.empty())
      continue;
    const Delta& delta = chunk.deltas[i] = compare(chunk.pulls[i].readings, *next++);
    Stored& stored = chunk.stored[i];
    stored.inserted = static_cast<std::int64_t>(delta.fresh.size());
    stored.differing = static_cast<std::int64_t>(delta.differing.size());
    if (on_conflict_ == OnConflict::kUpdate)
      stored.corrected = stored.differing;
  }
}

// Inserts what is new by INSERT, which is right for every table and beside every other writer.
void ChunkStore::insert(Connection& connection, Chunk& chunk) const {
  std::vector<Statement> statements;
  std::vector<Stored*> targets;
  for (std::size_t i = 0; i < chunk.pulls.size(); ++i) {
    if (chunk.deltas[i].fresh.empty())
      continue;
    statements.push_back(table_.insert(chunk.pulls[i].channel_id, chunk.deltas[i].fresh));
    targets.push_back(&chunk.stored[i]);
  }
  if (statements.empty())
    return;
  const std::vector<Rows> answers = connection.pipeline(statements);
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i]->inserted = answers[i].affected;
}

// Inserts what is new by COPY and returns true; false where another session has stored some of it
// since it was read.
bool ChunkStore::copy(Connection& connection, Chunk& chunk) const {
  std::size_t fresh = 0;
  for (const Delta& delta : chunk.deltas)
    fresh += delta.fresh.size();
  if (fresh == 0)
    return true;
  CopyBytes bytes(fresh);
  for (std::size_t i = 0; i < chunk.pulls.size(); ++i)
    for (const Reading& reading : chunk.deltas[i].fresh)
      bytes.add(chunk.pulls[i].channel_id, reading);
  try {
    return connection.copy_in(table_.copy(), bytes.finish()) == static_cast<std::int64_t>(fresh);
  } catch (const DatabaseError& error) {
    if (error.is_lost() || error.sqlstate() != kUniqueViolation)
      throw;
    return false;
  }
}

// Corrects what differs where that is asked for, logs, and commits.
void ChunkStore::finish(Connection& connection, Chunk& chunk) {
  std::vector<Statement> statements;
  std::vector<Stored*> targets;
  for (std::size_t i = 0; i < chunk.pulls.size(); ++i) {
    if (chunk.stored[i].corrected == 0)
      continue;
    statements.push_back(table_.correct(chunk.pulls[i].channel_id, chunk.deltas[i].differing));
    targets.push_back(&chunk.stored[i]);
  }
  const std::string& site = chunk.site->organization.id;
  const UnixTime now = as_of_ ? *as_of_ : static_cast<UnixTime>(std::time(nullptr));
  if (!chunk.pulls.empty())
    statements.push_back({"SELECT " + schema_ +
                              "._argo_log_pulls($1, $2::jsonb,"
                              " pg_catalog.to_timestamp($3::double precision))",
                          {site, pulls_payload(chunk.pulls, chunk.stored), std::to_string(now)}});
  if (std::string rejects = rejects_payload(chunk.pulls); rejects != "[]")
    statements.push_back(
        {"SELECT " + schema_ + "._argo_log_rejects($1, $2::jsonb)", {site, std::move(rejects)}});
  statements.push_back(ledger_.note_running(chunk.counts));
  statements.push_back({"COMMIT", {}});
  chunk.is_commit_sent = true;
  const std::vector<Rows> answers = connection.pipeline(statements);
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i]->corrected = answers[i].affected;
}

}  // namespace argo::loader

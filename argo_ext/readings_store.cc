// Stores pulls: reads what is stored of a window and writes what is new, past the executor where
// that is right and by SQL elsewhere.
#include "readings_store.h"

#include "../core/delta.h"
#include "../core/error.h"

#include <set>
#include <utility>

#include "boundary.h"
#include "sql.h"

namespace argo::pg {

namespace {

constexpr char kForeignKeyViolation[] = "23503";

// Changes further apart, in seconds, are marked one by one, so that what lies between is not
// recomputed.
constexpr UnixTime kMaxMarkedGap = 3600;

bool exists(const std::string& relation) {
  return query_value("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {relation}) == "t";
}

// Asks the catalogs of extensions that keep the rows of a table elsewhere than in it.
bool is_kept_elsewhere(const std::string& readings) {
  return (exists("_timescaledb_catalog.hypertable") &&
          query_value("SELECT EXISTS (SELECT FROM _timescaledb_catalog.hypertable AS h"
                      " JOIN pg_catalog.pg_namespace AS n ON n.nspname = h.schema_name"
                      " JOIN pg_catalog.pg_class AS c"
                      " ON c.relnamespace = n.oid AND c.relname = h.table_name"
                      " WHERE c.oid = $1::regclass)",
                      {readings}) == "t") ||
         (exists("pg_catalog.pg_dist_partition") &&
          query_value("SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS p"
                      " WHERE p.logicalrelid = $1::regclass)",
                      {readings}) == "t");
}

Oid to_oid(const Text& text) {
  return static_cast<Oid>(std::stoul(*text));
}

Oid owner_of(const std::string& relation) {
  return to_oid(
      query_value("SELECT relowner FROM pg_catalog.pg_class WHERE oid = $1::regclass", {relation}));
}

// Runs a query with the rights of another user, past row-level security, as foreign keys do.
Rows query_as(Oid user, const std::string& sql, const std::vector<Text>& parameters) {
  struct Identity {
    Oid user;
    int context;
  };
  const Identity before = call([] {
    Identity now{};
    GetUserIdAndSecContext(&now.user, &now.context);
    return now;
  });
  // An error puts the identity back with its (sub)transaction.
  call([=] {
    SetUserIdAndSecContext(user,
                           before.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
  });
  Rows rows = query(sql, parameters);
  call([=] { SetUserIdAndSecContext(before.user, before.context); });
  return rows;
}

}  // namespace

ReadingsStore::ReadingsStore(std::string schema, OnConflict on_conflict)
    : schema_(std::move(schema)), on_conflict_(on_conflict), by_sql_(schema_) {
  const std::string readings = schema_ + ".readings";
  if (is_kept_elsewhere(readings)) {
    report(DEBUG1, "readings are stored by SQL: another extension keeps the rows of the table");
    return;
  }
  direct_ =
      std::make_unique<DirectTable>(to_oid(query_value("SELECT $1::regclass::oid", {readings})));
  if (const char* refusal = direct_->refusal()) {
    report(DEBUG1, (std::string("readings are stored by SQL: ") + refusal).c_str());
    close();
  }
}

void ReadingsStore::lock_channels(const std::vector<Pull>& pulls) {
  if (!direct_ || !direct_->has_foreign_key())
    return;
  std::set<std::int32_t> ids;
  for (const Pull& pull : pulls)
    if (!pull.readings.empty())
      ids.insert(pull.channel_id);
  std::string array;
  for (const std::int32_t id : ids)
    array += (array.empty() ? "{" : ",") + std::to_string(id);
  if (ids.empty())
    return;
  const Oid owner = owner_of(schema_ + ".channels");
  const Rows locked = query_as(owner,
                               "SELECT 1 FROM ONLY " + schema_ +
                                   ".channels AS c WHERE c.channel_id = ANY ($1::integer[])"
                                   " ORDER BY c.channel_id FOR KEY SHARE OF c",
                               {array + "}"});
  if (locked.size() != ids.size())
    throw Error(kForeignKeyViolation, "a channel was deleted while its readings were fetched",
                "Nothing of this transaction is kept.", "Run it again.");
}

Stored ReadingsStore::store(const Pull& pull) {
  Stored stored;
  if (pull.readings.empty())
    return stored;
  const Delta delta = compare(pull.readings, direct_ ? direct_->read(pull.channel_id, pull.window)
                                                     : by_sql_.read(pull.channel_id, pull.window));
  if (!delta.fresh.empty())
    stored.inserted = insert(pull.channel_id, delta.fresh);
  stored.differing = static_cast<std::int64_t>(delta.differing.size());
  if (!delta.differing.empty() && on_conflict_ == OnConflict::kUpdate)
    stored.corrected = by_sql_.correct(pull.channel_id, delta.differing);
  return stored;
}

// Inserts readings none of which was stored when they were read; where another session has stored
// some since, the others. Returns how many were new.
std::int64_t ReadingsStore::insert(std::int32_t channel_id, const std::vector<Reading>& fresh) {
  std::int64_t inserted = 0;
  const auto error = in_subtransaction([&] {
    if (direct_) {
      direct_->insert(channel_id, fresh);
      inserted = static_cast<std::int64_t>(fresh.size());
    } else {
      inserted = by_sql_.insert(channel_id, fresh);
    }
  });
  if (error) {
    if (error->data() == nullptr || error->data()->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
      throw *error;
    return by_sql_.insert_missing(channel_id, fresh);
  }
  if (direct_)
    note_insert(channel_id, fresh);
  return inserted;
}

// Past the executor no trigger fires, so what _argo_mark_readings() would do is done here.
void ReadingsStore::note_insert(std::int32_t channel_id, const std::vector<Reading>& fresh) {
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (i == 0 || fresh[i].ts - marks_.back().last > kMaxMarkedGap)
      marks_.push_back({channel_id, fresh[i].ts, fresh[i].ts});
    marks_.back().last = fresh[i].ts;
  }
}

void ReadingsStore::write_marks() {
  if (marks_.empty())
    return;
  std::string channels;
  std::string firsts;
  std::string lasts;
  for (const Mark& mark : marks_) {
    const char* separator = channels.empty() ? "{" : ",";
    channels += separator + std::to_string(mark.channel_id);
    firsts += separator + std::to_string(mark.first);
    lasts += separator + std::to_string(mark.last);
  }
  query_as(
      owner_of(schema_ + "._argo_dirty"),
      "INSERT INTO " + schema_ +
          "._argo_dirty (meter_id, first_reading, last_reading)"
          " SELECT m.meter_id, pg_catalog.to_timestamp(m.first), pg_catalog.to_timestamp(m.last)"
          " FROM ROWS FROM (pg_catalog.unnest($1::integer[]),"
          " pg_catalog.unnest($2::double precision[]),"
          " pg_catalog.unnest($3::double precision[])) AS m (meter_id, first, last)",
      {channels + "}", firsts + "}", lasts + "}"});
  marks_.clear();
}

void ReadingsStore::finish() {
  write_marks();
  close();
}

void ReadingsStore::close() {
  if (direct_)
    direct_->close();
  direct_.reset();
}

}  // namespace argo::pg

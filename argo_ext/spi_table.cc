// The table `readings` by SQL, which is right for every kind of table.
#include "spi_table.h"

#include <cmath>
#include <limits>
#include <utility>

#include "boundary.h"
#include "direct_rules.h"
#include "sql.h"
#include "timestamps.h"

namespace argo::pg {

namespace {

// Lists the columns that follow the key, each as `before` name `after`.
std::string list_quantities(const std::string& before = "", const std::string& after = "") {
  std::string out;
  for (int i = 2; i < kFilledColumns; ++i)
    out.append(i == 2 ? "" : ", ").append(before).append(kFilledColumnNames[i]).append(after);
  return out;
}

// The readings given as arrays in the parameters from $2 on, as a FROM item with the columns'
// names.
std::string given_readings() {
  std::string arrays;
  for (int i = 2; i <= kFilledColumns; ++i)
    arrays += (i == 2 ? "" : ", ") + std::string("pg_catalog.unnest($") + std::to_string(i) + ")";
  return "ROWS FROM (" + arrays + ") AS given (\"timestamp\", " + list_quantities() + ")";
}

SPIPlanPtr prepare(const std::string& sql, const Oid* types, int count) {
  return call([&] {
    SPIPlanPtr plan = SPI_prepare(sql.c_str(), count, const_cast<Oid*>(types));
    if (plan == nullptr)
      elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    return plan;
  });
}

SPIPlanPtr prepare_write(const std::string& sql) {
  Oid types[kFilledColumns] = {INT4OID, TIMESTAMPTZARRAYOID};
  for (int i = 2; i < kFilledColumns; ++i)
    types[i] = FLOAT4ARRAYOID;
  return prepare(sql, types, kFilledColumns);
}

bool has_any(const std::string& rows, const std::string& table) {
  return query_value("SELECT EXISTS (SELECT FROM " + rows + ")", {table}) == "t";
}

// Makes an array of the readings' times. Within call().
Datum times_of(const std::vector<Reading>& readings) {
  auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * readings.size()));
  for (std::size_t i = 0; i < readings.size(); ++i)
    datums[i] = to_timestamptz(readings[i].ts);
  return PointerGetDatum(construct_array(datums, static_cast<int>(readings.size()), TIMESTAMPTZOID,
                                         sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

// Makes an array of one quantity of the readings. Within call().
Datum values_of(const std::vector<Reading>& readings, std::size_t quantity) {
  int count = static_cast<int>(readings.size());
  int lower_bound = 1;
  auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * readings.size()));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * readings.size()));
  for (std::size_t i = 0; i < readings.size(); ++i) {
    nulls[i] = std::isnan(readings[i].values[quantity]);
    datums[i] = Float4GetDatum(readings[i].values[quantity]);
  }
  return PointerGetDatum(construct_md_array(datums, nulls, 1, &count, &lower_bound, FLOAT4OID,
                                            sizeof(float4), true, TYPALIGN_INT));
}

// Runs a plan over the readings of a channel; returns how many rows it wrote.
std::int64_t write(SPIPlanPtr plan, std::int32_t channel_id, const std::vector<Reading>& readings) {
  return call([&]() -> std::int64_t {
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "Argo readings", ALLOCSET_DEFAULT_SIZES);
    MemoryContext before = MemoryContextSwitchTo(scratch);
    Datum values[kFilledColumns] = {Int32GetDatum(channel_id), times_of(readings)};
    for (std::size_t i = 0; i < kQuantities; ++i)
      values[i + 2] = values_of(readings, i);
    MemoryContextSwitchTo(before);
    const int code = SPI_execute_plan(plan, values, nullptr, false, 0);
    // A rule may have put another statement, or none, in the place of this one.
    if (code < 0)
      elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
    const auto written = static_cast<std::int64_t>(SPI_processed);
    MemoryContextDelete(scratch);
    return written;
  });
}

}  // namespace

SpiTable::SpiTable(std::string schema) : schema_(std::move(schema)) {}

std::vector<Reading> SpiTable::read(std::int32_t channel_id, const TimeRange& range) {
  if (read_ == nullptr) {
    constexpr Oid kTypes[] = {INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
    read_ = prepare("SELECT \"timestamp\", " + list_quantities("", "::real") + " FROM " + schema_ +
                        ".readings WHERE channel_id = $1 AND \"timestamp\" >= $2"
                        " AND \"timestamp\" < $3 ORDER BY \"timestamp\"",
                    kTypes, lengthof(kTypes));
  }
  std::vector<Reading> rows(static_cast<std::size_t>(range.slots()));
  const std::size_t room = rows.size();
  const std::size_t count = call([&]() -> std::size_t {
    Datum values[] = {Int32GetDatum(channel_id), to_timestamptz(range.from),
                      to_timestamptz(range.to)};
    const int code = SPI_execute_plan(read_, values, nullptr, false, 0);
    if (code != SPI_OK_SELECT)
      elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
    std::size_t found = 0;
    for (std::uint64_t i = 0; i < SPI_processed && found < room; ++i) {
      HeapTuple tuple = SPI_tuptable->vals[i];
      bool is_null = false;
      const UnixTime ts = to_unix_time(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &is_null));
      // Only a table without the key can hold a slot twice.
      if (ts == kOffGrid || (found > 0 && rows[found - 1].ts == ts))
        continue;
      Reading& row = rows[found++];
      row.ts = ts;
      for (std::size_t q = 0; q < kQuantities; ++q) {
        const Datum value =
            SPI_getbinval(tuple, SPI_tuptable->tupdesc, static_cast<int>(q) + 2, &is_null);
        row.values[q] = is_null ? std::numeric_limits<float>::quiet_NaN() : DatumGetFloat4(value);
      }
    }
    SPI_freetuptable(SPI_tuptable);
    return found;
  });
  rows.resize(count);
  return rows;
}

void SpiTable::prepare_inserts() {
  const std::string table = schema_ + ".readings";
  const std::string plain = "INSERT INTO " + table + " (channel_id, \"timestamp\", " +
                            list_quantities() + ") SELECT $1, given.* FROM " + given_readings();
  // ON CONFLICT is an error on a table with rules for INSERT or UPDATE.
  const bool has_rules = has_any(
      "pg_catalog.pg_rewrite AS w WHERE w.ev_class = $1::regclass AND w.ev_type IN ('2', '3')",
      table);
  // Without the key a plain INSERT would store a slot twice where ON CONFLICT is an error.
  const bool has_key = has_any(
      "pg_catalog.pg_index AS i"
      " JOIN pg_catalog.pg_attribute AS c ON c.attrelid = i.indrelid AND c.attname = 'channel_id'"
      " JOIN pg_catalog.pg_attribute AS t ON t.attrelid = i.indrelid AND t.attname = 'timestamp'"
      " WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indimmediate"
      " AND i.indpred IS NULL AND i.indnkeyatts = 2 AND (i.indkey[0], i.indkey[1])"
      " IN ((c.attnum, t.attnum), (t.attnum, c.attnum))",
      table);
  SPIPlanPtr insert = has_rules || has_key ? prepare_write(plain) : nullptr;
  insert_missing_ =
      has_rules ? insert
                : prepare_write(plain + " ON CONFLICT (channel_id, \"timestamp\") DO NOTHING");
  insert_ = insert != nullptr ? insert : insert_missing_;
}

std::int64_t SpiTable::insert(std::int32_t channel_id, const std::vector<Reading>& readings) {
  if (insert_ == nullptr)
    prepare_inserts();
  return write(insert_, channel_id, readings);
}

std::int64_t SpiTable::insert_missing(std::int32_t channel_id,
                                      const std::vector<Reading>& readings) {
  if (insert_ == nullptr)
    prepare_inserts();
  return write(insert_missing_, channel_id, readings);
}

std::int64_t SpiTable::correct(std::int32_t channel_id, const std::vector<Reading>& readings) {
  if (correct_ == nullptr) {
    std::string assignments;
    for (int i = 2; i < kFilledColumns; ++i) {
      const std::string name = kFilledColumnNames[i];
      assignments.append(i == 2 ? "" : ", ").append(name);
      assignments.append(" = coalesce(given.").append(name);
      assignments.append(", stored.").append(name).append(")");
    }
    // One snapshot and one lock for the row that is kept and the row that replaces it.
    correct_ = prepare_write(
        "WITH given AS MATERIALIZED (SELECT * FROM " + given_readings() +
        "), stored AS MATERIALIZED (SELECT r.channel_id, r.\"timestamp\", " +
        list_quantities("r.") + " FROM " + schema_ +
        ".readings AS r JOIN given USING (\"timestamp\") WHERE r.channel_id = $1 FOR UPDATE OF r),"
        " kept AS (INSERT INTO " +
        schema_ + ".reading_corrections (channel_id, \"timestamp\", " + list_quantities() +
        ") SELECT * FROM stored) UPDATE " + schema_ + ".readings AS r SET " + assignments +
        " FROM given JOIN stored USING (\"timestamp\") WHERE r.channel_id = $1"
        " AND r.\"timestamp\" = given.\"timestamp\"");
  }
  return write(correct_, channel_id, readings);
}

}  // namespace argo::pg

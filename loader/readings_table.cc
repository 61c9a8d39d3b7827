// The statements that read and write the table `readings`.
#include "loader/readings_table.h"

#include "loader/encoding.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace argo::loader {

namespace {

constexpr std::array<const char*, kQuantities> kQuantityNames = {
    "energy_kwh",          "power_kw",      "voltage_v",        "current_a", "power_factor",
    "reactive_power_kvar", "temperature_c", "relative_humidity"};

// COPY writes what this table takes by its type, into no rule, and says only for all rows together
// how many it stored.
constexpr char kLook[] = R"(
SELECT
    CASE
        WHEN c.relkind NOT IN ('r', 'p') THEN 'it is not a table'
        WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = c.oid AND w.ev_type = '3')
            THEN 'it has rules'
        WHEN pg_catalog.row_security_active(c.oid) THEN 'row-level security applies'
        WHEN (SELECT count(*) FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attgenerated = '' AND a.attidentity = ''
                AND (a.attname::text, a.atttypid::oid) IN (
                    ('channel_id', 'pg_catalog.int4'::regtype), ('timestamp', 'pg_catalog.timestamptz'::regtype),
                    ('energy_kwh', 'pg_catalog.float4'::regtype), ('power_kw', 'pg_catalog.float4'::regtype),
                    ('voltage_v', 'pg_catalog.float4'::regtype), ('current_a', 'pg_catalog.float4'::regtype),
                    ('power_factor', 'pg_catalog.float4'::regtype),
                    ('reactive_power_kvar', 'pg_catalog.float4'::regtype),
                    ('temperature_c', 'pg_catalog.float4'::regtype),
                    ('relative_humidity', 'pg_catalog.float4'::regtype))) <> 10
            THEN 'a column is of another type, or generated'
        WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                     WHERE (t.tgrelid = c.oid OR t.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) AS p))
                       AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype::integer & 5 = 5)
            THEN 'it has a trigger that each row fires'
        WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i
                         WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
                           AND i.indpred IS NULL AND i.indnkeyatts = 2
                           AND (SELECT count(*) FROM pg_catalog.pg_attribute AS a
                                WHERE a.attrelid = c.oid AND a.attname IN ('channel_id', 'timestamp')
                                  AND a.attnum IN (i.indkey[0], i.indkey[1])) = 2)
            THEN 'it has no unique key (channel_id, timestamp)'
    END,
    EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = c.oid AND w.ev_type IN ('2', '3'))
FROM pg_catalog.pg_class AS c WHERE c.oid = $1::pg_catalog.regclass)";

// Lists the columns that follow the key, each as `before` name `after`.
std::string list_quantities(const std::string& before = "", const std::string& after = "") {
  std::string out;
  for (const char* name : kQuantityNames)
    out.append(out.empty() ? "" : ", ").append(before).append(name).append(after);
  return out;
}

// The readings given as arrays in the parameters from $2 on, as a subquery with the columns' names.
std::string given_readings() {
  std::string arrays = "pg_catalog.unnest($2::bigint[])";
  for (std::size_t i = 0; i < kQuantities; ++i)
    arrays += ", pg_catalog.unnest($" + std::to_string(i + 3) + "::real[])";
  return "(SELECT pg_catalog.to_timestamp(g.s) AS \"timestamp\", " + list_quantities("g.") +
         " FROM ROWS FROM (" + arrays + ") AS g (s, " + list_quantities() + "))";
}

// A statement over readings of a channel.
Statement write(std::string sql, std::int32_t channel_id, const std::vector<Reading>& readings) {
  Statement statement{std::move(sql), {std::to_string(channel_id), times_array(readings)}};
  for (std::size_t i = 0; i < kQuantities; ++i)
    statement.parameters.emplace_back(values_array(readings, i));
  return statement;
}

}  // namespace

ReadingsTable::ReadingsTable(std::string schema)
    : schema_(std::move(schema)), table_(schema_ + ".readings") {}

Statement ReadingsTable::look() const {
  return {kLook, {table_}};
}

void ReadingsTable::learn(const Rows& answer) {
  const Row& row = answer.rows.at(0);
  copy_refusal_ = row.at(0).value_or("");
  has_rules_ = row.at(1) == "t";
  is_known_ = true;
}

Statement ReadingsTable::read(const std::vector<const Pull*>& pulls) const {
  std::string channels;
  std::string starts;
  std::string ends;
  for (const Pull* pull : pulls) {
    const char* separator = channels.empty() ? "{" : ",";
    channels += separator + std::to_string(pull->channel_id);
    starts += separator + std::to_string(pull->window.from);
    ends += separator + std::to_string(pull->window.to);
  }
  // OFFSET 0 keeps it a look-up a window, whatever the planner thinks of their number.
  return {
      "SELECT w.n, r.* FROM ROWS FROM (pg_catalog.unnest($1::integer[]),"
      " pg_catalog.unnest($2::bigint[]), pg_catalog.unnest($3::bigint[])) WITH ORDINALITY"
      " AS w (channel_id, starts, ends, n) CROSS JOIN LATERAL (SELECT r.\"timestamp\", " +
          list_quantities("r.", "::real") + " FROM " + table_ +
          " AS r WHERE r.channel_id = w.channel_id"
          " AND r.\"timestamp\" >= pg_catalog.to_timestamp(w.starts)"
          " AND r.\"timestamp\" < pg_catalog.to_timestamp(w.ends)"
          " ORDER BY r.\"timestamp\" OFFSET 0) AS r",
      {channels + "}", starts + "}", ends + "}"},
      true};
}

std::vector<std::vector<Reading>> ReadingsTable::readings_of(const Rows& answer,
                                                             std::size_t windows) {
  std::vector<std::vector<Reading>> stored(windows);
  const BinaryRows& rows = answer.binary;
  for (int row = 0; row < rows.size(); ++row) {
    const auto window = static_cast<std::size_t>(decode_bigint(rows.value(row, 0).value())) - 1;
    std::vector<Reading>& of_window = stored.at(window);
    Reading reading;
    reading.ts = decode_time(rows.value(row, 1).value());
    // Only a table without the key can hold a slot twice.
    if (reading.ts == kOffGrid || (!of_window.empty() && of_window.back().ts == reading.ts))
      continue;
    for (std::size_t i = 0; i < kQuantities; ++i) {
      const auto value = rows.value(row, static_cast<int>(i) + 2);
      reading.values[i] = value ? decode_real(*value) : std::numeric_limits<float>::quiet_NaN();
    }
    of_window.push_back(reading);
  }
  return stored;
}

std::string ReadingsTable::copy() const {
  return "COPY " + table_ + " (channel_id, \"timestamp\", " + list_quantities() +
         ") FROM STDIN (FORMAT binary)";
}

Statement ReadingsTable::insert(std::int32_t channel_id,
                                const std::vector<Reading>& readings) const {
  // ON CONFLICT is an error on a table with rules for INSERT or UPDATE.
  return write("INSERT INTO " + table_ + " (channel_id, \"timestamp\", " + list_quantities() +
                   ") SELECT $1::integer, given.* FROM " + given_readings() + " AS given" +
                   (has_rules_ ? "" : " ON CONFLICT (channel_id, \"timestamp\") DO NOTHING"),
               channel_id, readings);
}

Statement ReadingsTable::correct(std::int32_t channel_id,
                                 const std::vector<Reading>& readings) const {
  std::string assignments;
  for (const char* name : kQuantityNames)
    assignments.append(assignments.empty() ? "" : ", ")
        .append(name)
        .append(" = coalesce(given.")
        .append(name)
        .append(", stored.")
        .append(name)
        .append(")");
  // One snapshot and one lock for the row that is kept and the row that replaces it.
  return write("WITH given AS MATERIALIZED " + given_readings() +
                   ", stored AS MATERIALIZED (SELECT r.channel_id, r.\"timestamp\", " +
                   list_quantities("r.") + " FROM " + table_ +
                   " AS r JOIN given USING (\"timestamp\") WHERE r.channel_id = $1::integer"
                   " FOR UPDATE OF r), kept AS (INSERT INTO " +
                   schema_ + ".reading_corrections (channel_id, \"timestamp\", " +
                   list_quantities() + ") SELECT * FROM stored) UPDATE " + table_ + " AS r SET " +
                   assignments +
                   " FROM given JOIN stored USING (\"timestamp\") WHERE r.channel_id = $1::integer"
                   " AND r.\"timestamp\" = given.\"timestamp\"",
               channel_id, readings);
}

}  // namespace argo::loader

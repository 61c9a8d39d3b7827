// The query that finds how buckets of a materialized view differ from what they should be.
#include "../core/error.h"

#include <vector>

#include "boundary.h"
#include "merge_query.h"
#include "sql.h"

namespace argo::pg {

namespace {

struct Registration {
  std::string view;  // its name, qualified and quoted
  std::string bucket_column;
  std::string bucket_type;
  Text meter_column;
  std::string source;  // the range function, qualified and quoted
};

struct Column {
  std::string name;
  std::string type;
};

Registration registration(const std::string& schema, const std::string& id) {
  const Rows rows = query(
      "SELECT pg_catalog.format('%s.%I', c.relnamespace::regnamespace, c.relname),"
      " pg_catalog.quote_ident(v.bucket_column), a.atttypid::regtype,"
      " pg_catalog.quote_ident(v.meter_column),"
      " pg_catalog.format('%s.%I', p.pronamespace::regnamespace, p.proname),"
      " p.proowner = c.relowner OR o.rolsuper"
      " FROM " +
          schema +
          "._argo_refreshed_views AS v"
          " JOIN pg_catalog.pg_class AS c ON c.oid = v.matview"
          " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = v.bucket_column"
          " JOIN pg_catalog.pg_proc AS p ON p.oid = " +
          schema +
          "._argo_range_function(v.range_function, v.meter_column IS NOT NULL)"
          " JOIN pg_catalog.pg_roles AS o ON o.oid = p.proowner"
          " WHERE v.matview = $1::pg_catalog.oid",
      {id});
  if (rows.empty())
    throw Error("22023", "the materialized view is not registered with a range function",
                "Nothing was changed.",
                "SELECT argo_register_matview(...); docs/refresh.md has an example.");
  const std::vector<Text>& row = rows[0];
  // It runs with the rights of the view's owner.
  if (row[5] != "t")
    throw Error("42501", "range function " + *row[4] + " belongs to another role than " + *row[0],
                "It would run with the rights of the view's owner. Nothing was changed.",
                "ALTER FUNCTION " + *row[4] + " OWNER TO ...;");
  return {*row[0], *row[1], *row[2], row[3], *row[4]};
}

std::vector<Column> columns_of(const std::string& id) {
  std::vector<Column> columns;
  for (const std::vector<Text>& row :
       query("SELECT pg_catalog.quote_ident(a.attname),"
             " pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a"
             " WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped"
             " ORDER BY a.attnum",
             {id}))
    columns.push_back({*row[0], *row[1]});
  return columns;
}

// The columns of a unique index that tells all rows apart, one list an index.
std::vector<std::vector<std::string>> keys_of(const std::string& id) {
  std::vector<std::vector<std::string>> keys;
  Text index;
  for (const std::vector<Text>& row :
       query("SELECT i.indexrelid, pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_index AS i"
             " CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[])"
             " WITH ORDINALITY AS k (attnum, place)"
             " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
             " WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid"
             " AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
             " AND k.place <= i.indnkeyatts ORDER BY i.indexrelid, k.place",
             {id})) {
    if (row[0] != index)
      keys.emplace_back();
    index = row[0];
    keys.back().push_back(*row[1]);
  }
  return keys;
}

// Joins `before` name `after` of each by a separator.
template <typename Items, typename Write>
std::string join(const Items& items, const char* separator, Write write) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : separator) + write(item);
  return out;
}

}  // namespace

std::string merge_query(const std::string& schema, Oid view) {
  const std::string id = std::to_string(view);
  const Registration it = registration(schema, id);
  const std::vector<Column> columns = columns_of(id);
  const auto keys = keys_of(id);
  if (keys.empty())
    throw Error("55000", it.view + " has no unique index", "Its rows cannot be told apart.",
                "CREATE UNIQUE INDEX ON " + it.view + " (...);");
  const std::vector<std::string>& key = keys[0];
  const auto of = [&](const char* alias) {
    return join(columns, ", ", [=](const Column& c) { return alias + ("." + c.name); });
  };
  const std::string nulls = join(columns, ", ", [](const Column& c) { return "NULL::" + c.type; });
  const std::string in_range = "." + it.bucket_column + " BETWEEN r.first_bucket AND r.last_bucket";
  // A date is compared with days of UTC, which is how they are given.
  const std::string bucket =
      it.bucket_type == "date" ? " AT TIME ZONE 'UTC')::pg_catalog.date" : ")";
  std::string sql =
      "WITH r AS (SELECT r.meter, r.range_start, r.range_end, (r.first_bucket" + bucket +
      " AS first_bucket, (r.last_bucket" + bucket +
      " AS last_bucket FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2),"
      " pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5))"
      " AS r (meter, range_start, range_end, first_bucket, last_bucket)),"
      " n AS MATERIALIZED (SELECT true AS _argo_is_new, " +
      join(columns, ", ",
           [](const Column& c) { return "s." + c.name + "::" + c.type + " AS " + c.name; }) +
      " FROM r CROSS JOIN LATERAL " + it.source + "(" + (it.meter_column ? "r.meter, " : "") +
      "r.range_start, r.range_end) AS s WHERE s" + in_range +
      "), o AS (SELECT u.* FROM r CROSS JOIN LATERAL (SELECT u.ctid AS _argo_place, u.* FROM " +
      it.view + " AS u WHERE u" + in_range +
      (it.meter_column ? " AND u." + *it.meter_column + " = r.meter" : "") +
      // A fence, or the planner might join all rows of a meter to all of its ranges.
      " OFFSET 0) AS u), d AS (SELECT o._argo_place, n._argo_is_new, " + of("n") +
      " FROM o FULL JOIN n ON " +
      join(key, " AND ", [](const std::string& name) { return "o." + name + " = n." + name; }) +
      " WHERE o._argo_place IS NULL OR n._argo_is_new IS NULL OR ROW(" + of("o") +
      ")::record *<> ROW(" + of("n") + ")::record) ";
  const std::string head = "NULL::pg_catalog.int8, NULL::pg_catalog.bool, ";
  if (keys.size() == 1) {
    sql += "SELECT d._argo_place, d._argo_is_new, " + head + of("d") + " FROM d";
  } else {
    // Under several unique indexes a row may take what another one gives up, so all old ones go
    // first.
    sql += "SELECT d._argo_place, NULL::pg_catalog.bool, " + head + nulls +
           " FROM d WHERE d._argo_place IS NOT NULL UNION ALL SELECT NULL, true, " + head +
           of("d") + " FROM d WHERE d._argo_is_new";
  }
  const std::string key_list = join(key, ", ", [](const std::string& name) { return "n." + name; });
  sql += " UNION ALL SELECT NULL, NULL, count(*), EXISTS (SELECT FROM n WHERE (" + key_list +
         ") IS NOT NULL GROUP BY " + key_list + " HAVING count(*) > 1), " + nulls + " FROM n";
  return sql;
}

}  // namespace argo::pg

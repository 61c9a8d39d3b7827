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

struct KeyColumn {
  std::string name;
  std::string equals;  // its operator, qualified
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

// The columns of a unique index that tells all rows apart, each with the equality of the index;
// none where there is no such index.
std::vector<KeyColumn> key_of(const std::string& id) {
  std::vector<KeyColumn> key;
  for (const std::vector<Text>& row :
       query("SELECT pg_catalog.quote_ident(a.attname),"
             " pg_catalog.format('OPERATOR(%s.%s)', o.oprnamespace::regnamespace, o.oprname)"
             " FROM (SELECT i.* FROM pg_catalog.pg_index AS i"
             " WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid"
             " AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
             " ORDER BY i.indexrelid LIMIT 1) AS i"
             " CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey::pg_catalog.int2[]),"
             " pg_catalog.unnest(i.indclass::pg_catalog.oid[]))"
             " WITH ORDINALITY AS k (attnum, opclass, place)"
             " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
             " JOIN pg_catalog.pg_opclass AS c ON c.oid = k.opclass"
             " JOIN pg_catalog.pg_amop AS p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3"
             " AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype"
             " JOIN pg_catalog.pg_operator AS o ON o.oid = p.amopopr"
             " WHERE k.place <= i.indnkeyatts ORDER BY k.place",
             {id}))
    key.push_back({*row[0], *row[1]});
  return key;
}

// Says whether a row may take a key that another one gives up only once that one is gone: under
// several unique indexes of any kind, or where NULLs count as equal, which no join finds.
bool deletes_first(const std::string& id) {
  return query_value(
             "SELECT count(*) > 1 OR bool_or(i.indnullsnotdistinct)"
             " FROM pg_catalog.pg_index AS i"
             " WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique",
             {id}) == "t";
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
  const std::vector<KeyColumn> key = key_of(id);
  if (key.empty())
    throw Error("55000", it.view + " has no unique index", "Its rows cannot be told apart.",
                "CREATE UNIQUE INDEX ON " + it.view + " (...);");
  const auto of = [&](const char* alias) {
    return join(columns, ", ", [=](const Column& c) { return alias + ("." + c.name); });
  };
  const std::string nulls = join(columns, ", ", [](const Column&) { return std::string("NULL"); });
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
      join(key, " AND ",
           [](const KeyColumn& k) { return "o." + k.name + " " + k.equals + " n." + k.name; }) +
      " WHERE o._argo_place IS NULL OR n._argo_is_new IS NULL OR ROW(" + of("o") +
      ")::record *<> ROW(" + of("n") + ")::record) ";
  const std::string key_list = join(key, ", ", [](const KeyColumn& k) { return "n." + k.name; });
  // The counts come first, so that a key given twice ends it before a row is written.
  sql += "SELECT NULL::tid, NULL::bool, count(*), EXISTS (SELECT FROM n WHERE (" + key_list +
         ") IS NOT NULL GROUP BY " + key_list + " HAVING count(*) > 1), " + nulls +
         " FROM n UNION ALL (";
  if (deletes_first(id)) {
    sql += "SELECT d._argo_place, NULL::bool, NULL::int8, NULL::bool, " + nulls +
           " FROM d WHERE d._argo_place IS NOT NULL UNION ALL SELECT NULL, true, NULL, NULL, " +
           of("d") + " FROM d WHERE d._argo_is_new)";
  } else {
    sql += "SELECT d._argo_place, d._argo_is_new, NULL::int8, NULL::bool, " + of("d") + " FROM d)";
  }
  return sql;
}

}  // namespace argo::pg

// _argo_view_span(): the first and the last bucket of a registered materialized view, read as its
// owner, since planning over a table runs code of whoever owns its indexes.
#include "../core/error.h"

#include <string>

#include "boundary.h"
#include "matview.h"
#include "owner_identity.h"
#include "sql.h"

extern "C" {
#include <catalog/pg_class.h>
}

namespace argo::pg {

namespace {

struct Span {
  Datum values[2];
  bool nulls[2];
};

// Reads two instants by a query that gives one row.
Span read(const std::string& sql, Oid owner) {
  return call([&] {
    Span span{};
    OwnerIdentity identity;
    identity.begin(owner);
    const char* text = pg_any_to_server(sql.c_str(), static_cast<int>(sql.size()), PG_UTF8);
    if (SPI_execute(text, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
      elog(ERROR, "could not read the buckets of a materialized view");
    for (int i = 0; i < 2; ++i)
      span.values[i] =
          SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &span.nulls[i]);
    SPI_freetuptable(SPI_tuptable);
    identity.end();
    return span;
  });
}

// Makes the query from the registry of `schema`, quoted.
std::string span_query(const std::string& schema, const std::string& id) {
  const Text sql = query_value(
      "SELECT pg_catalog.format(CASE WHEN a.atttypid = 'date'::regtype"
      " THEN 'SELECT min(u.%1$I)::timestamp AT TIME ZONE ''UTC'',"
      " max(u.%1$I)::timestamp AT TIME ZONE ''UTC'' FROM %2$s.%3$I AS u'"
      " ELSE 'SELECT min(u.%1$I), max(u.%1$I) FROM %2$s.%3$I AS u' END,"
      " a.attname, c.relnamespace::regnamespace, c.relname)"
      " FROM " +
          schema +
          "._argo_refreshed_views AS v"
          " JOIN pg_catalog.pg_class AS c ON c.oid = v.matview AND c.relkind = 'm'"
          " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = v.bucket_column"
          " AND a.atttypid IN ('timestamptz'::regtype, 'date'::regtype)"
          " WHERE v.matview = $1::pg_catalog.oid",
      {id});
  if (!sql)
    throw Error(
        "55000", "the materialized view is not registered as it is",
        "It is gone, or the column that says where a bucket begins is. Nothing was changed.",
        "SELECT argo_register_matview(...) again; docs/refresh.md has an example.");
  return *sql;
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_view_span, Statement::kMayBeLogged) {
  using namespace argo::pg;
  const Oid id = PG_GETARG_OID(0);
  const Oid owner = call([=] {
    require_right_to_refresh(id);
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(id));
    if (!HeapTupleIsValid(tuple))
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                      errmsg("relation with OID %u does not exist", id)));
    const Oid relation_owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return relation_owner;
  });
  open_spi();
  Span span = read(span_query(schema_of_function(fcinfo), std::to_string(id)), owner);
  close_spi();
  return call([&]() -> Datum {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "_argo_view_span must return a row");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), span.values, span.nulls));
  });
}

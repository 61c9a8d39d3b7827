// _argo_merge(): changes in place those rows of a materialized view that differ from what they
// should be.
//
//   marks taken ──> view locked ──> new snapshot ──> old rows   ─┐
//   (by SQL)                                         source rows ─┴─> only those that differ
#include "../core/error.h"

#include <string>

#include "boundary.h"
#include "matview.h"
#include "merge_query.h"
#include "sql.h"

extern "C" {
#include <utils/portal.h>
#include <utils/rel.h>
}

namespace argo::pg {

namespace {

constexpr int kRangeArguments = 5;
// Few, since a row may be wide.
constexpr long kRowsPerFetch = 200;

struct Counts {
  std::int64_t examined;
  std::int64_t inserted;
  std::int64_t updated;
  std::int64_t deleted;
};

// Opens the query over the ranges that the function was called with. Its snapshot is a new one.
Portal open_cursor(FunctionCallInfo fcinfo, const std::string& sql) {
  return call([&]() -> Portal {
    Oid types[kRangeArguments] = {INT4ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID,
                                  TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID};
    Datum values[kRangeArguments];
    for (int i = 0; i < kRangeArguments; ++i)
      values[i] = PG_GETARG_DATUM(i + 1);
    const char* text = pg_any_to_server(sql.c_str(), static_cast<int>(sql.size()), PG_UTF8);
    Portal cursor =
        SPI_cursor_open_with_args(nullptr, text, kRangeArguments, types, values, nullptr, false, 0);
    // Expressions of the view's indexes run between two fetches, and might close it by its name.
    PinPortal(cursor);
    return cursor;
  });
}

// Applies the rows of the table that SPI holds. Within call().
void apply(Matview& view, Counts& counts) {
  SPITupleTable* table = SPI_tuptable;
  const int columns = table->tupdesc->natts;
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(columns)));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(columns)));
  for (std::uint64_t i = 0; i < table->numvals; ++i) {
    heap_deform_tuple(table->vals[i], table->tupdesc, values, nulls);
    if (!nulls[2]) {
      counts.examined = DatumGetInt64(values[2]);
      if (DatumGetBool(values[3]))
        view.raise_duplicate();
      continue;
    }
    auto* place = nulls[0] ? nullptr : reinterpret_cast<ItemPointer>(DatumGetPointer(values[0]));
    const bool is_new = !nulls[1];
    view.change(place, is_new ? values + kMergeHeadColumns : nullptr, nulls + kMergeHeadColumns);
    ++(place == nullptr ? counts.inserted : is_new ? counts.updated : counts.deleted);
  }
  pfree(values);
  pfree(nulls);
  SPI_freetuptable(table);
}

// Changes what differs, a stretch of rows at a time.
Counts merge(Matview& view, Portal cursor) {
  Counts counts{};
  bool is_done = false;
  while (!is_done) {
    if (stop_requested())
      throw Cancelled();
    is_done = call([&] {
      SPI_cursor_fetch(cursor, true, kRowsPerFetch);
      const bool was_last = SPI_processed < static_cast<std::uint64_t>(kRowsPerFetch);
      apply(view, counts);
      return was_last;
    });
  }
  call([=] {
    UnpinPortal(cursor);
    SPI_cursor_close(cursor);
  });
  return counts;
}

// A unique index of the view that is violated under the lock means that the source gives a key of a
// second one twice, or that a row has come which the snapshot of this transaction is too old to
// show.
[[noreturn]] void explain_violation(const PgError& error, const Matview& view) {
  if (error.data() == nullptr || error.data()->sqlerrcode != ERRCODE_UNIQUE_VIOLATION ||
      !view.is_named(error.data()->schema_name, error.data()->table_name))
    throw error;
  if (call([] { return IsolationUsesXactSnapshot(); }))
    throw Error("40001", "could not serialize access due to a concurrent refresh",
                "Another one has inserted the same rows since this transaction began. Nothing was "
                "changed.",
                "Roll back and try again.");
  const std::string key =
      error.data()->detail != nullptr ? std::string(error.data()->detail) + " " : std::string();
  throw Error("21000", "new rows of the materialized view hold a key twice",
              key + "Nothing was changed.",
              "Have its range function give one row a key of its unique index.");
}

Datum to_row(FunctionCallInfo fcinfo, const Counts& counts) {
  return call([&]() -> Datum {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "_argo_merge must return a row");
    Datum values[] = {CStringGetTextDatum("incremental"), Datum(),
                      Int64GetDatum(counts.examined),     Int64GetDatum(counts.inserted),
                      Int64GetDatum(counts.updated),      Int64GetDatum(counts.deleted)};
    bool nulls[lengthof(values)] = {false, true};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
  });
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_merge, Statement::kMayBeLogged) {
  using namespace argo::pg;
  for (int i = 0; i <= kRangeArguments; ++i)
    if (PG_ARGISNULL(i))
      throw argo::Error("22004", "an argument of _argo_merge is null", "Nothing was changed.",
                        "SELECT * FROM argo_refresh();");
  const Oid id = PG_GETARG_OID(0);
  open_spi();
  Matview view(id);
  const std::string schema = schema_of_function(fcinfo);
  if (query_value("SELECT pg_catalog.has_table_privilege($1, 'DELETE')",
                  {schema + "._argo_dirty"}) != "t")
    throw argo::Error(
        "42501", "permission denied to merge into a materialized view",
        "Who merges takes marks, which needs DELETE on _argo_dirty. Nothing was changed.",
        "SELECT * FROM argo_refresh();");
  const std::string sql = merge_query(schema, id);
  Counts counts{};
  view.become_owner();
  try {
    counts = merge(view, open_cursor(fcinfo, sql));
  } catch (const PgError& error) {
    explain_violation(error, view);
  }
  view.close();
  close_spi();
  return to_row(fcinfo, counts);
}

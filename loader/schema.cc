// Finds the schema that Argo lives in.
#include "loader/schema.h"

#include "core/text.h"

namespace argo::loader {

namespace {

constexpr char kFindPlaces[] =
    "SELECT n.nspname, EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid"
    " AND p.proname = '_argo_setup_version'), EXISTS (SELECT FROM pg_catalog.pg_class AS c"
    " WHERE c.relnamespace = n.oid AND c.relname = '_argo_schema_version')"
    " FROM pg_catalog.pg_namespace AS n WHERE CASE WHEN $1 <> '' THEN n.nspname = $1 ELSE"
    " EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid"
    " AND p.proname = '_argo_setup_version') OR EXISTS (SELECT FROM pg_catalog.pg_class AS c"
    " WHERE c.relnamespace = n.oid AND c.relname = '_argo_schema_version') END";

}  // namespace

Place find_place(Connection& connection, const std::string& name) {
  const Rows found = connection.query(kFindPlaces, {name});
  const auto to_place = [](const Row& row) {
    return Place{quote_identifier(row.at(0).value()), row.at(1) == "t", row.at(2) == "t"};
  };
  if (found.rows.size() == 1)
    return to_place(found.rows.front());
  const std::string wanted = name.empty() ? "public" : name;
  for (const Row& row : found.rows)
    if (row.at(0) == wanted)
      return to_place(row);
  return {quote_identifier(wanted), false, false};
}

std::string find_schema(Connection& connection, const std::string& name) {
  const Place place = find_place(connection, name);
  if (place.has_functions && place.has_tables)
    return place.schema;
  throw Failure(ExitCode::kConfiguration, sqlstate::kNotSetUp,
                "argo is not set up in schema " + printable(place.schema),
                std::string("Its ") + (place.has_functions ? "tables and views" : "functions") +
                    " are not there. Nothing was asked for or stored.",
                name.empty() ? "argo-loader setup" : "argo-loader setup --schema " + name);
}

}  // namespace argo::loader

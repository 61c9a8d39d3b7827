// Brings Argo's functions, tables and views into a database, and takes the functions away again.
#include "loader/setup.h"

#include "core/error.h"
#include "loader/bundle.h"
#include "loader/database.h"
#include "loader/output.h"

#include <unistd.h>

#include <string>
#include <utility>

namespace argo::loader {

namespace {

constexpr char kDefaultSchema[] = "public";

// Returns the plain name of a quoted schema.
std::string name_of(const Place& place) {
  return place.schema.substr(1, place.schema.size() - 2);
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

// Returns an error whose hint names this command instead of functions that went with the
// transaction.
Failure explained(const DatabaseError& error, const std::string& schema, const CommandLine& line) {
  const std::string command =
      "argo-loader setup" + (line.schema.empty() ? "" : " --schema " + shell_word(line.schema));
  std::string hint = error.hint();
  const std::string call = "SELECT * FROM " + schema + ".argo_";
  replace_all(hint, call + "setup();", command);
  replace_all(hint, call + "setup(dry_run => true);", command + " --dry-run");
  replace_all(hint, call + "migrate_timestamps('America/New_York');",
              command + " --migrate-timestamps America/New_York");
  return {error.exit_code(), error.sqlstate().c_str(), error.message(), error.detail(), hint};
}

// Runs a body in one transaction, which `is_kept` or undone at its end.
template <typename Body>
void in_transaction(Connection& connection, bool is_kept, Body&& body) {
  try {
    connection.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    body();
    connection.query(is_kept ? "COMMIT" : "ROLLBACK");
  } catch (...) {
    connection.rollback();
    throw;
  }
}

// Returns the name of a schema as the extension's script would spell it.
std::string spelled(Connection& connection, const std::string& name) {
  return connection.query("SELECT pg_catalog.quote_ident($1)", {name}).rows.at(0).at(0).value();
}

std::string call(const std::string& schema, const char* function, const char* argument,
                 bool is_dry_run) {
  const std::string separator = *argument != '\0' && is_dry_run ? ", " : "";
  return "SELECT * FROM " + schema + "." + function + "(" + argument + separator +
         (is_dry_run ? "dry_run => true)" : ")");
}

ExitCode print_sql(const CommandLine& line) {
  const bool is_default = line.schema.empty() || line.schema == kDefaultSchema;
  const std::string schema = is_default ? kDefaultSchema : quote_identifier(line.schema);
  write_result(STDOUT_FILENO, "BEGIN;\n\n" + bundle(schema) + "\n" +
                                  call(schema, "argo_setup", "", false) + ";\n\nCOMMIT;\n");
  return ExitCode::kComplete;
}

ExitCode remove_functions(const Context& context) {
  Database database(context);
  Connection& connection = database.connection();
  const std::string schema = spelled(connection, name_of(database.place()));
  const std::string script = removal(schema);
  in_transaction(connection, true, [&] { connection.run_script(script); });
  const std::string extension = schema == kDefaultSchema
                                    ? "CREATE EXTENSION argo;"
                                    : "CREATE EXTENSION argo SCHEMA " + schema + ";";
  const std::string setup = call(schema, "argo_setup", "", false) + ";";
  if (context.line.is_json) {
    Table next;
    next.columns.push_back({"next"});
    next.rows.push_back({extension});
    next.rows.push_back({setup});
    write_result(STDOUT_FILENO, json_rows(next));
  } else {
    context.terminal.notice("the extension takes the data over with these statements");
    write_result(STDOUT_FILENO, extension + "\n" + setup + "\n");
  }
  return ExitCode::kComplete;
}

ExitCode install(const Context& context) {
  const CommandLine& line = context.line;
  const bool migrates = !line.migration_zone.empty();
  Database database(context);
  Connection& connection = database.connection();
  const std::string schema = spelled(connection, name_of(database.place()));
  const std::string script = bundle(schema);
  Rows rows;
  const auto make = [&] {
    connection.run_script(script);
    if (migrates)
      rows = connection.query(call(schema, "argo_migrate_timestamps", "$1", line.is_dry_run),
                              {line.migration_zone});
    // Times that are still to be migrated cannot be taken over, not even to look.
    if (!migrates || !line.is_dry_run)
      rows = connection.query(call(schema, "argo_setup", "", line.is_dry_run));
  };
  try {
    in_transaction(connection, !line.is_dry_run, make);
  } catch (const DatabaseError& error) {
    throw explained(error, schema, line);
  }
  const Table table = to_table(rows);
  write_result(STDOUT_FILENO,
               line.is_json ? json_rows(table) : fitted(table, terminal_width(STDOUT_FILENO)));
  if (line.is_dry_run)
    context.terminal.notice("nothing was changed: the same command without --dry-run does it");
  return ExitCode::kComplete;
}

}  // namespace

ExitCode run_setup(const Context& context) {
  if (context.line.only_prints)
    return print_sql(context.line);
  return context.line.removes_functions ? remove_functions(context) : install(context);
}

}  // namespace argo::loader

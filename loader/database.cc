// The database as commands use it: short transactions that can be run again.
#include "loader/database.h"

#include "loader/signals.h"

#include <utility>

namespace argo::loader {

namespace {

constexpr int kAttempts = 3;

// Puts the quoted name of the schema wherever a statement names it.
std::string in_schema(std::string sql, const std::string& schema) {
  constexpr char kPlaceholder[] = "@schema@";
  for (std::size_t at = 0; (at = sql.find(kPlaceholder, at)) != std::string::npos;
       at += schema.size())
    sql.replace(at, sizeof kPlaceholder - 1, schema);
  return sql;
}

// The statements that begin a transaction whose results do not depend on anybody's settings.
std::vector<Statement> begin_statements() {
  return {{"BEGIN ISOLATION LEVEL READ COMMITTED", {}},
          {"SET LOCAL search_path = pg_catalog, pg_temp", {}},
          {"SET LOCAL TimeZone = 'UTC'", {}},
          {"SET LOCAL DateStyle = 'ISO, YMD'", {}},
          {"SET LOCAL IntervalStyle = 'postgres'", {}},
          {"SET LOCAL extra_float_digits = 1", {}}};
}

}  // namespace

Database::Database(const Context& context)
    : context_(context),
      connection_(context.environment.database_url(),
                  {[] { return stop_signal() != 0; },
                   [&context](const std::string& why) { context.terminal.notice(why); }}) {
  connection_.set_notice_taker(
      [&context](const std::string& line) { context.terminal.said(line); });
}

Connection& Database::connection() {
  connection_.connect();
  return connection_;
}

const std::string& Database::schema() {
  if (schema_.empty())
    schema_ = find_schema(connection(), context_.line.schema);
  return schema_;
}

const std::string& Database::begin() {
  schema();
  connection().pipeline(begin_statements());
  return schema_;
}

std::vector<Table> Database::run(const std::vector<Statement>& statements) {
  for (int attempt = 1;; ++attempt) {
    try {
      std::vector<Statement> all = begin_statements();
      const std::size_t before = all.size();
      for (const Statement& statement : statements)
        all.push_back({in_schema(statement.sql, schema()), statement.parameters});
      all.push_back({"COMMIT", {}});
      const std::vector<Rows> results = connection().pipeline(all);
      std::vector<Table> tables;
      for (std::size_t i = 0; i < statements.size(); ++i)
        tables.push_back(to_table(results.at(before + i)));
      return tables;
    } catch (const DatabaseError& error) {
      connection_.rollback();
      if (attempt == kAttempts || !(error.is_lost() || error.is_conflict()))
        throw;
      context_.terminal.notice("trying again: " + error.message());
    }
  }
}

Table Database::select(const std::string& sql, const std::vector<Text>& parameters) {
  return run({{sql, parameters}}).front();
}

Table to_table(const Rows& rows) {
  Table table;
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    table.columns.push_back({rows.columns[i], kind_of_type(rows.types[i])});
  table.rows = rows.rows;
  return table;
}

std::string array_of(const std::vector<std::string>& names) {
  std::string array = "{";
  for (const std::string& name : names) {
    array += array.size() > 1 ? ",\"" : "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\')
        array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

}  // namespace argo::loader

// The database as commands use it: short transactions that can be run again.
#ifndef ARGO_LOADER_DATABASE_H_
#define ARGO_LOADER_DATABASE_H_

#include "loader/connection.h"
#include "loader/context.h"
#include "loader/output.h"
#include "loader/schema.h"

#include <string>
#include <vector>

namespace argo::loader {

class Database {
 public:
  // Connects nowhere yet. Throws Failure where DATABASE_URL is missing or none.
  explicit Database(const Context& context);

  // Connects unless connected.
  Connection& connection();

  // Connects, and begins a transaction in which times are UTC and written in ISO 8601. Returns the
  // quoted schema. Throws Failure.
  const std::string& begin();

  // Finds where Argo is, or would be.
  Place place() { return find_place(connection(), context_.line.schema); }

  // Runs statements in one transaction, with @schema@ in place of the quoted schema, where times
  // are UTC and written in ISO 8601, and returns what each gave. A transaction that is lost, or in
  // conflict with another, is run again. Throws Failure.
  std::vector<Table> run(const std::vector<Statement>& statements);

  // Runs one statement so.
  Table select(const std::string& sql, const std::vector<Text>& parameters = {});

 private:
  const std::string& schema();

  const Context& context_;
  Connection connection_;
  std::string schema_;  // quoted; empty: not known yet
};

// Returns rows as a table.
Table to_table(const Rows& rows);

// Writes names as an array of PostgreSQL's.
std::string array_of(const std::vector<std::string>& names);

}  // namespace argo::loader

#endif  // ARGO_LOADER_DATABASE_H_

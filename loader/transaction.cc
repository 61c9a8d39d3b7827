// Transactions that are repeated where they were lost with their connection, or were in conflict.
#include "loader/transaction.h"

#include "loader/connect.h"

#include <optional>

namespace argo::loader {

namespace {

constexpr int kMaxConflicts = 5;

}  // namespace

std::vector<Statement> begin_transaction() {
  // A session whose client is gone, and that nobody told, must not hold the site's lock for long.
  return {{"BEGIN ISOLATION LEVEL READ COMMITTED", {}},
          {"SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),"
           " pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', true)",
           {}}};
}

void run_transaction(Connection& connection, const std::function<void()>& body) {
  std::optional<RetryPauses> pauses;
  int conflicts = 0;
  while (true) {
    try {
      connection.connect();
      body();
      return;
    } catch (const DatabaseError& error) {
      connection.rollback();
      if (!error.is_lost()) {
        if (!error.is_conflict() || ++conflicts > kMaxConflicts)
          throw;
        continue;
      }
      connection.close();
      if (pauses && !pauses->is_another())
        throw;
      if (connection.patience().tell)
        connection.patience().tell("connecting to the database again: " + error.message());
    } catch (...) {
      connection.rollback();
      throw;
    }
    // The first time at once: it may have been this session only.
    if (pauses)
      pauses->next(connection.patience());
    else
      pauses.emplace();
  }
}

}  // namespace argo::loader

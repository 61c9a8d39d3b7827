// What procedures that commit share: transactions of their own, one after the other.
#ifndef ARGO_EXT_PROCEDURE_H_
#define ARGO_EXT_PROCEDURE_H_

#include <string>

#include "pg.h"

namespace argo::pg {

// Throws where the caller's transaction block would make every commit an error.
void require_own_transactions(FunctionCallInfo fcinfo, const std::string& procedure);

// Begins a transaction's work: a procedure that commits cannot have a SET clause, so each
// transaction sets its own search_path. Needs open_spi_for_commits().
void begin_transaction();

// Commits; PostgreSQL begins the next transaction by itself. Throws where that has another role:
// a SET LOCAL ROLE ends here.
void commit();

}  // namespace argo::pg

#endif  // ARGO_EXT_PROCEDURE_H_

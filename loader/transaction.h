// Transactions that are repeated where they were lost with their connection, or were in conflict.
#ifndef ARGO_LOADER_TRANSACTION_H_
#define ARGO_LOADER_TRANSACTION_H_

#include "loader/connection.h"

#include <functional>
#include <vector>

namespace argo::loader {

// The statements that begin a transaction that depends on no setting of the session, since behind
// a pooler that is another one each time.
std::vector<Statement> begin_transaction();

// Connects and runs a body, which begins and commits, again and again while that may help. The body
// must be safe to repeat even where its COMMIT went through and nobody said so.
void run_transaction(Connection& connection, const std::function<void()>& body);

}  // namespace argo::loader

#endif  // ARGO_LOADER_TRANSACTION_H_

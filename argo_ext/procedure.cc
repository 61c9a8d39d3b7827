// What procedures that commit share: transactions of their own, one after the other.
#include "../core/error.h"

#include "boundary.h"
#include "procedure.h"
#include "sql.h"

namespace argo::pg {

void require_own_transactions(FunctionCallInfo fcinfo, const std::string& procedure) {
  const bool is_atomic = fcinfo->context == nullptr || !IsA(fcinfo->context, CallContext) ||
                         reinterpret_cast<CallContext*>(fcinfo->context)->atomic;
  if (is_atomic)
    throw Error("25001", procedure + " cannot run inside a transaction block",
                "It commits what it has stored as it goes. Nothing was asked for or stored.",
                "Type COMMIT; first, or CALL it by itself.");
}

void begin_transaction() {
  query("SET LOCAL search_path = pg_catalog, pg_temp");
}

void commit() {
  const auto current_role = [] { return GetUserId(); };
  const Oid role = call(current_role);
  call([] { SPI_commit(); });
  if (call(current_role) != role)
    throw Error("25001", "a role set for one transaction ends with its first commit",
                "What follows would run with the rights of another role. Nothing was asked for.",
                "Type SET ROLE without LOCAL before the CALL.");
}

}  // namespace argo::pg

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
  call([] { SPI_commit(); });
}

}  // namespace argo::pg

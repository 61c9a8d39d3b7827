// The one place for what differs between PostgreSQL 15 and 18.
#ifndef ARGO_EXT_COMPAT_H_
#define ARGO_EXT_COMPAT_H_

#include "pg.h"

extern "C" {
#include <access/genam.h>
}

namespace argo::pg {

// Checks a role's right on a foreign server.
inline AclResult foreign_server_aclcheck(Oid server, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ForeignServerRelationId, server, role, mode);
#else
  return pg_foreign_server_aclcheck(server, role, mode);
#endif
}

// Begins a scan of an index whose rows come from the table.
inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

}  // namespace argo::pg

#endif  // ARGO_EXT_COMPAT_H_

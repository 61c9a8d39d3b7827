// The one place for what differs between PostgreSQL 15 and 18.
#ifndef ARGO_EXT_COMPAT_H_
#define ARGO_EXT_COMPAT_H_

#include "pg.h"

namespace argo::pg {

// Checks a role's right on a foreign server.
inline AclResult foreign_server_aclcheck(Oid server, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ForeignServerRelationId, server, role, mode);
#else
  return pg_foreign_server_aclcheck(server, role, mode);
#endif
}

}  // namespace argo::pg

#endif  // ARGO_EXT_COMPAT_H_

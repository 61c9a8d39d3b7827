// The one place for what differs between PostgreSQL 15 and 18.
#ifndef ARGO_EXT_COMPAT_H_
#define ARGO_EXT_COMPAT_H_

#include "pg.h"

extern "C" {
#include <access/genam.h>
#include <access/tableam.h>
#include <catalog/pg_class.h>
#include <executor/executor.h>
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

// Checks a role's right to refresh a materialized view: its owner's, or MAINTAIN where that exists.
inline AclResult may_refresh(Oid view) {
#if PG_VERSION_NUM >= 170000
  return pg_class_aclcheck(view, GetUserId(), ACL_MAINTAIN);
#elif PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, view, GetUserId()) ? ACLCHECK_OK
                                                                  : ACLCHECK_NOT_OWNER;
#else
  return pg_class_ownercheck(view, GetUserId()) ? ACLCHECK_OK : ACLCHECK_NOT_OWNER;
#endif
}

// What an update asks of the indexes of its table.
#if PG_VERSION_NUM >= 160000
using IndexUpdate = TU_UpdateIndexes;
inline bool needs_index_entries(IndexUpdate update) {
  return update != TU_None;
}
inline bool only_summarizing(IndexUpdate update) {
  return update == TU_Summarizing;
}
#else
using IndexUpdate = bool;
inline bool needs_index_entries(IndexUpdate update) {
  return update;
}
inline bool only_summarizing(IndexUpdate) {
  return false;
}
#endif

// Makes the index entries of a row; raises where it violates a unique index.
inline void insert_index_entries(ResultRelInfo* target, TupleTableSlot* row, EState* estate,
                                 bool is_update, [[maybe_unused]] bool only_summarizing) {
#if PG_VERSION_NUM >= 160000
  (void)ExecInsertIndexTuples(target, row, estate, is_update, false, nullptr, NIL,
                              only_summarizing);
#else
  (void)ExecInsertIndexTuples(target, row, estate, is_update, false, nullptr, NIL);
#endif
}

}  // namespace argo::pg

#endif  // ARGO_EXT_COMPAT_H_

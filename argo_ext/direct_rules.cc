// Says when rows may go into `readings` past the executor.
#include "direct_rules.h"

extern "C" {
#include <access/genam.h>
#include <access/heapam.h>
#include <access/tableam.h>
#include <catalog/namespace.h>
#include <catalog/pg_am.h>
#include <catalog/pg_constraint.h>
#include <catalog/pg_inherits.h>
#include <catalog/pg_trigger.h>
#include <commands/trigger.h>
#include <nodes/makefuncs.h>
#include <parser/parse_func.h>
#include <utils/fmgroids.h>
#include <utils/rel.h>
#include <utils/rls.h>
}

namespace argo::pg {

namespace {

// Says whether the constraint is readings.channel_id -> channels.channel_id, checked at once.
bool is_channel_key(Oid constraint, Relation readings, AttrNumber channel_id) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
  if (!HeapTupleIsValid(tuple))
    return false;
  const auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
  const Oid channels = get_relname_relid("channels", RelationGetNamespace(readings));
  bool is_it = form->contype == CONSTRAINT_FOREIGN &&
               form->conrelid == RelationGetRelid(readings) && form->confrelid == channels &&
               !form->condeferrable;
  if (is_it) {
    int keys = 0;
    AttrNumber own[INDEX_MAX_KEYS];
    AttrNumber theirs[INDEX_MAX_KEYS];
    DeconstructFkConstraintRow(tuple, &keys, own, theirs, nullptr, nullptr, nullptr, nullptr,
                               nullptr);
    is_it = keys == 1 && own[0] == channel_id && theirs[0] == get_attnum(channels, "channel_id");
  }
  ReleaseSysCache(tuple);
  return is_it;
}

// Says whether the function is the one that keeps the dirty log, which the ingest keeps by itself.
bool is_marker(Oid function, Relation readings) {
  char* schema = get_namespace_name(RelationGetNamespace(readings));
  List* name = list_make2(makeString(schema), makeString(pstrdup("_argo_mark_readings")));
  return function == LookupFuncName(name, 0, nullptr, true);
}

// Looks at what an INSERT would fire: only the foreign key to channels and the dirty log have a
// stand-in here.
const char* trigger_in_the_way(Relation readings, AttrNumber channel_id, bool* has_foreign_key) {
  const TriggerDesc* triggers = readings->trigdesc;
  for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
    const Trigger& trigger = triggers->triggers[i];
    if (trigger.tgenabled == TRIGGER_DISABLED || !TRIGGER_FOR_INSERT(trigger.tgtype) ||
        is_marker(trigger.tgfoid, readings))
      continue;
    if (trigger.tgfoid != F_RI_FKEY_CHECK_INS ||
        !is_channel_key(trigger.tgconstraint, readings, channel_id))
      return "it has a trigger that an INSERT fires";
    *has_foreign_key = true;
  }
  return nullptr;
}

// Finds the columns to fill by name and type, and makes sure that the others can be left to their
// defaults.
const char* find_columns(Relation readings, AttrNumber* columns) {
  for (int i = 0; i < kFilledColumns; ++i) {
    const Oid type = i == 0 ? INT4OID : i == 1 ? TIMESTAMPTZOID : FLOAT4OID;
    columns[i] = get_attnum(RelationGetRelid(readings), kFilledColumnNames[i]);
    if (columns[i] == InvalidAttrNumber)
      return "it lacks a column";
    const auto* attribute = TupleDescAttr(RelationGetDescr(readings), columns[i] - 1);
    if (attribute->atttypid != type)
      return "a column is of another type";
    if (attribute->attgenerated != '\0' || attribute->attidentity != '\0')
      return "a column is generated";
  }
  for (int i = 0; i < RelationGetNumberOfAttributes(readings); ++i) {
    const auto* attribute = TupleDescAttr(RelationGetDescr(readings), i);
    if (!attribute->attisdropped && get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN)
      return "a column is of a domain";
  }
  return nullptr;
}

// Looks for the key, and for indexes whose check an insert past the executor cannot finish.
const char* index_in_the_way(Relation readings, const AttrNumber* columns, Oid* key_index) {
  *key_index = InvalidOid;
  ListCell* cell = nullptr;
  foreach (cell, RelationGetIndexList(readings)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const Form_pg_index form = index->rd_index;
    const bool cannot_finish = form->indisexclusion || (form->indisunique && !form->indimmediate);
    const bool is_key = form->indisunique && form->indisvalid && form->indnkeyatts == 2 &&
                        form->indkey.values[0] == columns[0] &&
                        form->indkey.values[1] == columns[1] &&
                        index->rd_rel->relam == BTREE_AM_OID &&
                        heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr);
    if (is_key)
      *key_index = RelationGetRelid(index);
    index_close(index, AccessShareLock);
    if (cannot_finish)
      return "it has an exclusion constraint or a deferrable key";
  }
  return OidIsValid(*key_index) ? nullptr : "it has no unique key (channel_id, timestamp)";
}

}  // namespace

const char* why_not_direct(Relation readings, AttrNumber* columns, Oid* key_index,
                           bool* has_foreign_key) {
  const Oid id = RelationGetRelid(readings);
  *has_foreign_key = false;
  if (readings->rd_rel->relkind != RELKIND_RELATION || readings->rd_rel->relispartition)
    return "it is not a plain table";
  if (readings->rd_tableam != GetHeapamTableAmRoutine())
    return "it is not a heap";
  if (readings->rd_rel->relhassubclass && find_inheritance_children(id, NoLock) != NIL)
    return "other tables inherit from it";
  if (readings->rd_rules != nullptr)
    return "it has rules";
  if (check_enable_rls(id, InvalidOid, true) == RLS_ENABLED)
    return "row-level security applies";
  if (pg_class_aclcheck(id, GetUserId(), ACL_INSERT) != ACLCHECK_OK ||
      pg_class_aclcheck(id, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    return "the role lacks SELECT or INSERT on all of it";
  if (const char* reason = find_columns(readings, columns))
    return reason;
  if (const char* reason = trigger_in_the_way(readings, columns[0], has_foreign_key))
    return reason;
  return index_in_the_way(readings, columns, key_index);
}

}  // namespace argo::pg

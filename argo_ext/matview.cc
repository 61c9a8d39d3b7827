// A materialized view as a heap whose rows can be changed in place, with the checks that the
// executor and REFRESH would make.
#include "matview.h"

#include "boundary.h"
#include "compat.h"

extern "C" {
#include <access/relation.h>
#include <access/tableam.h>
#include <catalog/namespace.h>
#include <catalog/pg_class.h>
#include <commands/tablecmds.h>
#include <executor/executor.h>
#include <storage/lmgr.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>
}

namespace argo::pg {

namespace {

constexpr int kMaxUpdatesWithHint = 100;

}  // namespace

void require_right_to_refresh(Oid id) {
  const AclResult right = may_refresh(id);
  if (right != ACLCHECK_OK)
    aclcheck_error(right, OBJECT_MATVIEW, get_rel_name(id));
}

Matview::Matview(Oid id) {
  call([&] {
    PreventCommandIfReadOnly("argo_refresh()");
    PreventCommandDuringRecovery("argo_refresh()");
    PreventCommandIfParallelMode("argo_refresh()");
    if (get_rel_relkind(id) != RELKIND_MATVIEW)
      ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                      errmsg("relation with OID %u is not a materialized view", id)));
    // Who may not refresh it may not lock it; what was true before the wait need not be after it.
    require_right_to_refresh(id);
    LockRelationOid(id, ExclusiveLock);
    open(id);
  });
}

// Opens what is locked. Within call().
void Matview::open(Oid id) {
  relation_ = try_relation_open(id, NoLock);
  if (relation_ == nullptr || relation_->rd_rel->relkind != RELKIND_MATVIEW)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("the materialized view was dropped meanwhile")));
  require_right_to_refresh(id);
  CheckTableNotInUse(relation_, "refresh");
  if (!RelationIsPopulated(relation_))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("materialized view \"%s\" is not populated",
                           RelationGetRelationName(relation_)),
                    errdetail("There is nothing to merge into."),
                    errhint("SELECT * FROM argo_refresh('full');")));
}

void Matview::become_owner() {
  call([&] {
    owner_.begin(relation_->rd_rel->relowner);
    estate_ = CreateExecutorState();
    MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
    target_ = makeNode(ResultRelInfo);
    InitResultRelInfo(target_, relation_, 0, nullptr, 0);
    // As the owner: opening an index runs functions in its expressions.
    ExecOpenIndices(target_, false);
    slot_ = table_slot_create(relation_, nullptr);
    MemoryContextSwitchTo(before);
  });
}

void Matview::raise_duplicate() const {
  ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
                  errmsg("new rows of materialized view \"%s\" hold a key twice",
                         RelationGetRelationName(relation_)),
                  errdetail("Nothing was changed."),
                  errhint("Have its range function give one row a key of its unique index.")));
  pg_unreachable();
}

bool Matview::is_named(const char* schema, const char* name) const {
  return call([=, this] {
    return schema != nullptr && name != nullptr &&
           strcmp(name, RelationGetRelationName(relation_)) == 0 &&
           get_namespace_oid(schema, true) == RelationGetNamespace(relation_);
  });
}

void Matview::check_result(TM_Result result) const {
  switch (result) {
    case TM_Ok:
      return;
    case TM_SelfModified:
    case TM_Invisible:
      raise_duplicate();
    default:
      ereport(ERROR,
              (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
               errmsg("could not serialize access due to a concurrent refresh"),
               errdetail("Another one has changed materialized view \"%s\" since this transaction "
                         "began. Nothing was changed.",
                         RelationGetRelationName(relation_)),
               errhint("Roll back and try again.")));
  }
}

// Makes the index entries of the row in the slot. That it is an update tells a B-tree to look for
// versions to remove before it splits a page; in a large merge it would find only those of this
// one.
void Matview::index(bool is_update, bool only_summarizing) {
  const bool is_worth_a_look = is_update && ++updates_ <= kMaxUpdatesWithHint;
  insert_index_entries(target_, slot_, estate_, is_worth_a_look, only_summarizing);
  ResetPerTupleExprContext(estate_);
}

void Matview::change(ItemPointer old_row, Datum* values, bool* nulls) {
  const CommandId command = GetCurrentCommandId(true);
  TM_FailureData failure;
  if (values == nullptr) {
    check_result(table_tuple_delete(relation_, old_row, command, GetActiveSnapshot(),
                                    InvalidSnapshot, true, &failure, false));
    return;
  }
  ExecClearTuple(slot_);
  const int columns = RelationGetNumberOfAttributes(relation_);
  for (int i = 0; i < columns; ++i) {
    slot_->tts_values[i] = values[i];
    slot_->tts_isnull[i] = nulls[i];
  }
  ExecStoreVirtualTuple(slot_);
  slot_->tts_tableOid = RelationGetRelid(relation_);
  if (old_row == nullptr) {
    table_tuple_insert(relation_, slot_, command, 0, nullptr);
    index(false, false);
    return;
  }
  LockTupleMode mode{};
  IndexUpdate update{};
  check_result(table_tuple_update(relation_, old_row, slot_, command, GetActiveSnapshot(),
                                  InvalidSnapshot, true, &failure, &mode, &update));
  if (needs_index_entries(update))
    index(true, only_summarizing(update));
}

void Matview::close() {
  call([&] {
    ExecDropSingleTupleTableSlot(slot_);
    ExecCloseIndices(target_);
    FreeExecutorState(estate_);
    relation_close(relation_, NoLock);
    owner_.end();
    CommandCounterIncrement();
  });
}

}  // namespace argo::pg

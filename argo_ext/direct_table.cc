// The table `readings` past the executor: reads a window by the key, and inserts many rows at once.
#include "direct_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "boundary.h"
#include "compat.h"
#include "timestamps.h"

extern "C" {
#include <access/genam.h>
#include <access/heapam.h>
#include <access/table.h>
#include <access/tableam.h>
#include <catalog/index.h>
#include <executor/executor.h>
#include <executor/nodeModifyTable.h>
#include <optimizer/optimizer.h>
#include <rewrite/rewriteHandler.h>
#include <utils/fmgroids.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>
}

namespace argo::pg {

namespace {

// Rows that go to the table together; COPY takes as many.
constexpr int kBatchRows = 1000;

// Says whether later times come first in an index.
bool is_newest_first(Relation index, AttrNumber time) {
  for (int i = 0; i < index->rd_index->indnkeyatts; ++i)
    if (index->rd_index->indkey.values[i] == time)
      return (index->rd_indoption[i] & INDOPTION_DESC) != 0;
  return false;
}

}  // namespace

DirectTable::DirectTable(Oid readings) {
  call([&] {
    context_ =
        AllocSetContextCreate(CurrentMemoryContext, "Argo direct table", ALLOCSET_DEFAULT_SIZES);
    relation_ = table_open(readings, RowExclusiveLock);
    refusal_ = why_not_direct(relation_, columns_, &key_index_, &has_foreign_key_);
    if (refusal_ == nullptr)
      prepare();
  });
}

std::vector<Reading> DirectTable::read(std::int32_t channel_id, const TimeRange& range) {
  // The key keeps more than one row a slot out, so that the room is known beforehand.
  std::vector<Reading> rows(static_cast<std::size_t>(range.slots()));
  const std::size_t count = call([&]() -> std::size_t {
    Relation index = index_open(key_index_, AccessShareLock);
    TupleTableSlot* slot = table_slot_create(relation_, nullptr);
    Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(channel_id));
    ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
                to_timestamptz(range.from));
    ScanKeyInit(&keys[2], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, to_timestamptz(range.to));
    IndexScanDesc scan = begin_index_scan(relation_, index, snapshot, lengthof(keys));
    index_rescan(scan, keys, lengthof(keys), nullptr, 0);
    std::size_t found = 0;
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
      bool is_null = false;
      const UnixTime ts = to_unix_time(slot_getattr(slot, columns_[1], &is_null));
      if (ts == kOffGrid)
        continue;
      Reading& row = rows[found++];
      row.ts = ts;
      for (std::size_t i = 0; i < kQuantities; ++i) {
        const Datum value = slot_getattr(slot, columns_[i + 2], &is_null);
        row.values[i] = is_null ? std::numeric_limits<float>::quiet_NaN() : DatumGetFloat4(value);
      }
    }
    index_endscan(scan);
    UnregisterSnapshot(snapshot);
    ExecDropSingleTupleTableSlot(slot);
    index_close(index, AccessShareLock);
    return found;
  });
  rows.resize(count);
  return rows;
}

// Prepares the slots, and the defaults of the columns that an ingest does not fill. Within call().
void DirectTable::prepare() {
  MemoryContext before = MemoryContextSwitchTo(context_);
  const TupleDesc descriptor = RelationGetDescr(relation_);
  defaults_ =
      static_cast<ExprState**>(palloc0(sizeof(ExprState*) * static_cast<Size>(descriptor->natts)));
  for (int i = 0; i < descriptor->natts; ++i) {
    const auto* attribute = TupleDescAttr(descriptor, i);
    bool is_filled = false;
    for (const AttrNumber column : columns_)
      is_filled = is_filled || column == i + 1;
    if (is_filled || attribute->attisdropped || attribute->attgenerated != '\0')
      continue;
    auto* expression = reinterpret_cast<Expr*>(build_column_default(relation_, i + 1));
    if (expression != nullptr)
      defaults_[i] = ExecInitExpr(expression_planner(expression), nullptr);
  }
  // A copy is not counted as in use: of the relation's own, a resource owner of PostgreSQL 17
  // searches through all uses, one a slot, whenever one comes or goes.
  const TupleDesc own = CreateTupleDescCopyConstr(descriptor);
  slots_ = static_cast<TupleTableSlot**>(palloc(sizeof(TupleTableSlot*) * kBatchRows));
  for (int i = 0; i < kBatchRows; ++i)
    slots_[i] = MakeSingleTupleTableSlot(own, table_slot_callbacks(relation_));
  MemoryContextSwitchTo(before);
}

// Fills a slot with a reading and with defaults. Within call().
void DirectTable::fill(TupleTableSlot* slot, std::int32_t channel_id, const Reading& reading,
                       ExprContext* expressions) const {
  ExecClearTuple(slot);
  for (int i = 0; i < RelationGetNumberOfAttributes(relation_); ++i) {
    slot->tts_isnull[i] = defaults_[i] == nullptr;
    if (defaults_[i] != nullptr)
      slot->tts_values[i] = ExecEvalExpr(defaults_[i], expressions, &slot->tts_isnull[i]);
  }
  const auto set = [&](std::size_t column, Datum value, bool is_null) {
    slot->tts_values[columns_[column] - 1] = value;
    slot->tts_isnull[columns_[column] - 1] = is_null;
  };
  set(0, Int32GetDatum(channel_id), false);
  set(1, to_timestamptz(reading.ts), false);
  for (std::size_t i = 0; i < kQuantities; ++i)
    set(i + 2, Float4GetDatum(reading.values[i]), std::isnan(reading.values[i]));
  ExecStoreVirtualTuple(slot);
  slot->tts_tableOid = RelationGetRelid(relation_);
}

// Makes the entries of the first `count` slots in one index, in the order of that index: its pages
// are then filled, where rows that come in against it would halve each of them. Within call().
void DirectTable::insert_into_index(ResultRelInfo* target, int number, int count,
                                    EState* estate) const {
  Relation index = target->ri_IndexRelationDescs[number];
  IndexInfo* info = target->ri_IndexRelationInfo[number];
  if (!info->ii_ReadyForInserts)
    return;
  const bool is_backwards = is_newest_first(index, columns_[1]);
  const IndexUniqueCheck check = info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
  ExprContext* expressions = GetPerTupleExprContext(estate);
  ExprState* predicate = ExecPrepareQual(info->ii_Predicate, estate);
  for (int i = 0; i < count; ++i) {
    TupleTableSlot* slot = slots_[is_backwards ? count - 1 - i : i];
    expressions->ecxt_scantuple = slot;
    if (!ExecQual(predicate, expressions))
      continue;
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(info, slot, estate, values, nulls);
    index_insert(index, values, nulls, &slot->tts_tid, relation_, check, false, info);
  }
}

void DirectTable::insert(std::int32_t channel_id, const std::vector<Reading>& readings) {
  const std::size_t total = readings.size();
  call([&] {
    // A procedure between two commits has none of its own.
    PushActiveSnapshot(GetTransactionSnapshot());
    EState* estate = CreateExecutorState();
    MemoryContext before = MemoryContextSwitchTo(estate->es_query_cxt);
    ResultRelInfo* target = makeNode(ResultRelInfo);
    InitResultRelInfo(target, relation_, 0, nullptr, 0);
    // Opened anew each time: what an index keeps between rows must not outlive a subtransaction.
    ExecOpenIndices(target, false);
    const TupleConstr* constraints = RelationGetDescr(relation_)->constr;
    BulkInsertState bulk = GetBulkInsertState();
    ExprContext* expressions = GetPerTupleExprContext(estate);
    for (std::size_t from = 0; from < total; from += kBatchRows) {
      const int count = static_cast<int>(std::min<std::size_t>(kBatchRows, total - from));
      MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
      for (int row = 0; row < count; ++row) {
        TupleTableSlot* slot = slots_[row];
        fill(slot, channel_id, readings[from + static_cast<std::size_t>(row)], expressions);
        if (constraints != nullptr && constraints->has_generated_stored)
          ExecComputeStoredGenerated(target, estate, slot, CMD_INSERT);
        if (constraints != nullptr)
          ExecConstraints(target, slot, estate);
      }
      MemoryContextSwitchTo(estate->es_query_cxt);
      table_multi_insert(relation_, slots_, count, GetCurrentCommandId(true), 0, bulk);
      for (int i = 0; i < target->ri_NumIndices; ++i)
        insert_into_index(target, i, count, estate);
      ResetPerTupleExprContext(estate);
      CHECK_FOR_INTERRUPTS();
    }
    FreeBulkInsertState(bulk);
    ExecCloseIndices(target);
    MemoryContextSwitchTo(before);
    FreeExecutorState(estate);
    PopActiveSnapshot();
    CommandCounterIncrement();
  });
}

void DirectTable::close() {
  call([&] {
    for (int i = 0; slots_ != nullptr && i < kBatchRows; ++i)
      ExecDropSingleTupleTableSlot(slots_[i]);
    table_close(relation_, NoLock);
    MemoryContextDelete(context_);
  });
}

}  // namespace argo::pg

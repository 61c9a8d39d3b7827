// The table `readings` past the executor: reads a window by the key, and inserts many rows at once.
#ifndef ARGO_EXT_DIRECT_TABLE_H_
#define ARGO_EXT_DIRECT_TABLE_H_

#include "../core/model.h"

#include <cstdint>
#include <vector>

#include "direct_rules.h"
#include "pg.h"

namespace argo::pg {

class DirectTable {
 public:
  // Opens the table and locks it as an INSERT does, until the end of the transaction.
  explicit DirectTable(Oid readings);

  // Says why this table must be written by INSERT instead, or null where it need not.
  const char* refusal() const { return refusal_; }

  // Says whether each channel must be locked first, as its foreign key would.
  bool has_foreign_key() const { return has_foreign_key_; }

  // Returns the readings that are stored of a channel, on the 15-minute grid, sorted by time.
  std::vector<Reading> read(std::int32_t channel_id, const TimeRange& range);

  // Inserts readings of a channel, none of which may be stored. A unique violation, which another
  // session can bring about at any time, comes as PostgreSQL's error: call it in a subtransaction.
  void insert(std::int32_t channel_id, const std::vector<Reading>& readings);

  // Lets go of everything but the lock. An error lets go by itself.
  void close();

 private:
  void prepare();
  void fill(TupleTableSlot* slot, std::int32_t channel_id, const Reading& reading,
            ExprContext* expressions) const;
  void insert_into_index(ResultRelInfo* target, int number, int count, EState* estate) const;

  Relation relation_ = nullptr;
  const char* refusal_ = nullptr;
  AttrNumber columns_[kFilledColumns] = {};
  Oid key_index_ = InvalidOid;
  bool has_foreign_key_ = false;
  MemoryContext context_ = nullptr;
  ExprState** defaults_ = nullptr;  // by column; null where NULL is the default or a value is given
  TupleTableSlot** slots_ = nullptr;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_DIRECT_TABLE_H_

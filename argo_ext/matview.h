// A materialized view as a heap whose rows can be changed in place, with the checks that the
// executor and REFRESH would make.
#ifndef ARGO_EXT_MATVIEW_H_
#define ARGO_EXT_MATVIEW_H_

#include <cstdint>

#include "owner_identity.h"
#include "pg.h"

namespace argo::pg {

// Raises 42501 unless the caller may refresh the view. Within call().
void require_right_to_refresh(Oid id);

class Matview {
 public:
  // Makes sure that the caller may refresh the view, locks it as REFRESH ... CONCURRENTLY does
  // until the end of the transaction, and makes sure that it can be changed. Throws PostgreSQL's
  // errors.
  explicit Matview(Oid id);

  // Becomes the owner until close(), and only then opens what may run the owner's code: the
  // indexes.
  void become_owner();

  // Changes one row: `old_row` is its place, or null for a new row; `values` are the columns in
  // order, or null for a row that goes. Within call(), with SPI open. Raises 21000 where a row is
  // changed twice and 40001 where another transaction has changed it.
  void change(ItemPointer old_row, Datum* values, bool* nulls);

  // Raises 21000: the source gives a key twice. Within call().
  [[noreturn]] void raise_duplicate() const;

  // Says whether this is the view's name; either part may be null.
  bool is_named(const char* schema, const char* name) const;

  // Lets go of everything but the lock.
  void close();

 private:
  void open(Oid id);
  void check_result(TM_Result result) const;
  void index(bool is_update, bool only_summarizing);

  Relation relation_ = nullptr;
  EState* estate_ = nullptr;
  ResultRelInfo* target_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  OwnerIdentity owner_;
  int updates_ = 0;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_MATVIEW_H_

// The table `readings` by SQL, which is right for every kind of table: partitioned, with triggers,
// under row-level security, of other column types.
#ifndef ARGO_EXT_SPI_TABLE_H_
#define ARGO_EXT_SPI_TABLE_H_

#include "../core/model.h"

#include <cstdint>
#include <string>
#include <vector>

#include "pg.h"

namespace argo::pg {

class SpiTable {
 public:
  // `schema` is the quoted name of the schema that holds readings. SPI must be open, and stay so.
  explicit SpiTable(std::string schema);

  // Returns the readings that are stored of a channel, on the 15-minute grid, sorted by time.
  std::vector<Reading> read(std::int32_t channel_id, const TimeRange& range);

  // Inserts readings of a channel, none of which may be stored; returns how many were. A unique
  // violation, which another session can bring about at any time, comes as PostgreSQL's error: call
  // it in a subtransaction.
  std::int64_t insert(std::int32_t channel_id, const std::vector<Reading>& readings);

  // Inserts readings of a channel; leaves those that are stored as they are. Returns how many were
  // new. A sixth slower.
  std::int64_t insert_missing(std::int32_t channel_id, const std::vector<Reading>& readings);

  // Puts the values given over those stored, never a NULL, and keeps the earlier row in
  // reading_corrections. Returns how many rows changed.
  std::int64_t correct(std::int32_t channel_id, const std::vector<Reading>& readings);

 private:
  void prepare_inserts();

  std::string schema_;
  SPIPlanPtr read_ = nullptr;
  SPIPlanPtr insert_ = nullptr;
  SPIPlanPtr insert_missing_ = nullptr;
  SPIPlanPtr correct_ = nullptr;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_SPI_TABLE_H_

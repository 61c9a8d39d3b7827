// Stores pulls: reads what is stored of a window and writes what is new, past the executor where
// that is right and by SQL elsewhere.
#ifndef ARGO_EXT_READINGS_STORE_H_
#define ARGO_EXT_READINGS_STORE_H_

#include "../core/host.h"
#include "../core/model.h"

#include <memory>
#include <string>
#include <vector>

#include "direct_table.h"
#include "spi_table.h"

namespace argo::pg {

class ReadingsStore {
 public:
  // Looks at the table and decides. SPI must be open, and stay so; the decision holds until the end
  // of the transaction. `schema` is the quoted name of the schema that holds readings.
  ReadingsStore(std::string schema, OnConflict on_conflict);

  // Locks the rows of these channels as the foreign key of readings would, once for all their rows.
  void lock_channels(const std::vector<Pull>& pulls);

  // Stores the readings of a pull, sorted by time.
  Stored store(const Pull& pull);

  // Marks what was inserted for the next refresh, and lets go of the table. An error lets go by
  // itself.
  void finish();

 private:
  // Readings of a channel from one time to another that no trigger has seen.
  struct Mark {
    std::int32_t channel_id;
    UnixTime first;
    UnixTime last;
  };

  void close();
  void note_insert(std::int32_t channel_id, const std::vector<Reading>& fresh);
  void write_marks();
  std::int64_t insert(std::int32_t channel_id, const std::vector<Reading>& fresh);

  std::string schema_;
  OnConflict on_conflict_;
  SpiTable by_sql_;
  std::unique_ptr<DirectTable> direct_;  // null where rows go by SQL
  std::vector<Mark> marks_;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_READINGS_STORE_H_

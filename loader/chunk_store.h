// Stores pulls, a transaction a chunk, which is repeated as a whole until it is known to be stored.
#ifndef ARGO_LOADER_CHUNK_STORE_H_
#define ARGO_LOADER_CHUNK_STORE_H_

#include "core/delta.h"
#include "core/host.h"
#include "loader/connection.h"
#include "loader/ledger.h"
#include "loader/readings_table.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace argo::loader {

class ChunkStore {
 public:
  // `schema` is quoted; `log` takes lines for --verbose. With `as_of` the clock stands there.
  ChunkStore(std::string schema, OnConflict on_conflict, std::optional<UnixTime> as_of,
             Ledger& ledger, std::function<void(const std::string&)> log);

  // Stores pulls of a site, failed ones as log rows only, and at first the site itself. Returns
  // what became of each, in their order.
  std::vector<Stored> store(Connection& connection, const Site& site, std::vector<Pull> pulls);

 private:
  // A chunk under way.
  struct Chunk {
    const Site* site = nullptr;
    std::vector<Pull> pulls;     // by time, then channel
    std::vector<Delta> deltas;   // in the order of pulls
    std::vector<Stored> stored;  // in the order of pulls
    RunCounts counts;
    bool by_insert = false;           // not by COPY
    bool is_commit_sent = false;      // by an attempt whose end is not known
    Text process_id, transaction_id;  // of the server, in the attempt before
  };

  bool attempt(Connection& connection, Chunk& chunk);
  bool begin(Connection& connection, Chunk& chunk);
  void take_stored(Chunk& chunk, const Rows& answer) const;
  void insert(Connection& connection, Chunk& chunk) const;
  bool copy(Connection& connection, Chunk& chunk) const;
  void finish(Connection& connection, Chunk& chunk);

  std::string schema_;
  OnConflict on_conflict_;
  std::optional<UnixTime> as_of_;
  Ledger& ledger_;
  std::function<void(const std::string&)> log_;
  ReadingsTable table_;
  bool is_site_stored_ = false;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_CHUNK_STORE_H_

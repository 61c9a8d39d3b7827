// The backend as the core's host: interrupts, notices, the clock and the tables of this server.
#ifndef ARGO_EXT_BACKEND_HOST_H_
#define ARGO_EXT_BACKEND_HOST_H_

#include "../core/host.h"
#include "../core/ingest.h"

#include <optional>
#include <string>
#include <vector>

#include "sql.h"

namespace argo::pg {

class BackendHost : public Host {
 public:
  // `schema` is the quoted name of the schema that holds Argo's tables; SPI must be open. With
  // `as_of` the clock stands there.
  BackendHost(std::string schema, OnConflict on_conflict, std::optional<UnixTime> as_of);

  bool stop_requested() override;
  void log(LogLevel level, const std::string& text) override;
  UnixTime now() override;
  Plan plan(const Site& site, const PlanRequest& request) override;
  std::vector<Stored> store(const Site& site, std::vector<Pull> pulls) override;
  std::int64_t count_missing(const Plan& plan) override;
  void progress(const Progress& progress) override;

  // Makes the tables where this database has none; throws where another version of Argo made them.
  void set_up_if_missing();

  // Takes the site's lock until the end of the transaction, and enters the run into the ledger.
  void begin_run(const std::string& site, const char* kind);

  // Keeps data_sync_status and the ledger; warns of pulls that failed.
  void end_run(const IngestResult& result);

  // Refreshes the materialized views. The readings count even where that fails, so it only warns.
  void refresh_views();

 protected:
  const std::string& schema() const { return schema_; }

  // Writes into the ledger how far the run is.
  void note_run(const std::string& status, const Text& message, const Text& clock_skew_s = {});

 private:
  // Throws where an older system's tables are here: to take them over is the user's decision, and
  // locks them longer than an ingest should.
  void refuse_to_adopt();

  std::string schema_;
  OnConflict on_conflict_;
  std::optional<UnixTime> as_of_;
  UnixTime started_at_;
  Text run_;
  std::int64_t slots_planned_ = 0;  // at first without those between two gaps of a window
  std::int64_t slots_stored_ = 0;   // slots of the windows that are stored
  std::int64_t readings_ = 0;       // what they brought
  bool is_site_stored_ = false;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_BACKEND_HOST_H_

// The loader as the core's host: signals, the terminal, the clock, and the tables of a database
// that a thread of its own writes to.
#ifndef ARGO_LOADER_LOADER_HOST_H_
#define ARGO_LOADER_LOADER_HOST_H_

#include "core/host.h"
#include "core/ingest.h"
#include "loader/chunk_store.h"
#include "loader/ledger.h"
#include "loader/terminal.h"
#include "loader/writer.h"

#include <optional>
#include <string>
#include <vector>

namespace argo::loader {

// What a run is, beside what the core asks.
struct HostOptions {
  std::string schema;  // quoted
  std::string site;
  std::string kind;  // ingest or backfill
  OnConflict on_conflict = OnConflict::kNothing;
  std::optional<UnixTime> as_of;  // where the clock stands
  bool is_dry_run = false;
};

class LoaderHost : public Host {
 public:
  LoaderHost(HostOptions options, Writer& writer, Terminal& terminal);
  ~LoaderHost() override;

  // Throws where another run is active, or the tables are another version's, before the API is
  // asked for anything. Waits for a run that may be dead.
  void check();

  bool stop_requested() override;
  void log(LogLevel level, const std::string& text) override;
  UnixTime now() override;
  // Enters the run into the ledger, too.
  Plan plan(const Site& site, const PlanRequest& request) override;
  std::vector<Stored> store(const Site& site, std::vector<Pull> pulls) override;
  std::vector<Stored> finish_storing() override;
  std::int64_t count_missing(const Plan& plan) override;
  void progress(const Progress& progress) override;

  // Keeps data_sync_status and the ledger; warns of pulls that failed.
  void end_run(const IngestResult& result);

  // Enters an error that ended the run into the ledger, if the run is there.
  void fail_run(const std::string& reason);

  bool is_entered() const { return ledger_.is_entered(); }
  UnixTime started_at() const { return started_at_; }

 private:
  HostOptions options_;
  Writer& writer_;
  Terminal& terminal_;
  UnixTime started_at_;
  Ledger ledger_;
  ChunkStore store_;
};

// Runs a transaction that begins with the site's lock. Where a run has the lock that may be dead,
// waits until that is known; throws 55P03 if it lives.
void run_locked(Connection& connection, const std::string& schema, const std::string& site,
                const std::function<void()>& body);

}  // namespace argo::loader

#endif  // ARGO_LOADER_LOADER_HOST_H_

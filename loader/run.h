// What the commands ingest, backfill and sync do: a run of the core over the database of a URL.
#ifndef ARGO_LOADER_RUN_H_
#define ARGO_LOADER_RUN_H_

#include "core/ingest.h"
#include "core/settings.h"
#include "loader/exit_code.h"
#include "loader/terminal.h"

#include <optional>
#include <string>

namespace argo::loader {

struct RunOptions {
  std::string url;     // of the database
  std::string schema;  // as given; empty: where Argo is found
  Settings settings;   // of the API
  IngestRequest request;
  OnConflict on_conflict = OnConflict::kNothing;
  std::optional<UnixTime> as_of;
  bool refresh_after = true;
};

// What a sync did.
struct SyncResult {
  std::optional<IngestResult> ingest;  // nothing: it failed
  std::string summary;                 // of all stages, as argo_sync() says it
  std::optional<Failure> error;        // of the first stage that failed
};

// Runs an ingest, or a backfill where the request has a start_date, and refreshes the views after
// it. Throws Failure or Error, and Cancelled once stop_signal() says so; what is stored by then
// stays.
IngestResult run_ingest_command(const RunOptions& options, Terminal& terminal);

// Ingests, refreshes and validates, each by itself: a stage that fails is recorded, and those
// behind it go on. Throws where another run is active, where nothing is set up, and Cancelled.
SyncResult run_sync_command(const RunOptions& options, Terminal& terminal);

}  // namespace argo::loader

#endif  // ARGO_LOADER_RUN_H_

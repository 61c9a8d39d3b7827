// What a run says of itself in the table ingest_runs, so that others see it live.
#ifndef ARGO_LOADER_LEDGER_H_
#define ARGO_LOADER_LEDGER_H_

#include "core/host.h"
#include "loader/connection.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace argo::loader {

// How far a run is.
struct RunCounts {
  std::int64_t slots = 0;     // of the windows that are stored
  std::int64_t readings = 0;  // what they brought
};

// Safe from several threads.
class Ledger {
 public:
  // Seconds between two signs of life, at most.
  static constexpr int kHeartbeatSeconds = 2;

  // `schema` is quoted; `kind` is ingest or backfill.
  Ledger(std::string schema, std::string site, std::string kind);

  // Takes the site's lock; raises 55P03 where another run is active.
  Statement lock() const;
  // Takes the site's lock for a run that is entered; waits.
  Statement lock_entered() const;
  // Returns status and slots_done of the run, and the server process and transaction of this one.
  Statement look() const;
  // Enters the run; returns its id, for entered().
  Statement enter() const;
  void entered(const Text& id);
  bool is_entered() const;

  // Writes how far the run is when `more` is added; no row where another run has taken over.
  Statement note(const std::string& status, const Text& message, const Text& clock_skew_s,
                 const RunCounts& more) const;
  // The same for a run that goes on, with its last line of progress.
  Statement note_running(const RunCounts& more) const;

  void plan(std::int64_t slots);
  void tell(const Progress& progress);
  void add(const RunCounts& more);

  RunCounts counts() const;
  std::string progress_text() const;

  // The error of a run that another one has taken for dead.
  Failure taken_over() const;

 private:
  std::string schema_;
  std::string site_;
  std::string kind_;
  mutable std::mutex mutex_;
  Text run_;
  Text text_;
  std::int64_t slots_planned_ = 0;  // at first without those between two gaps of a window
  RunCounts counts_;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_LEDGER_H_

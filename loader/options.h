// The command line: commands, their options, and what they must be before anything is connected to.
#ifndef ARGO_LOADER_OPTIONS_H_
#define ARGO_LOADER_OPTIONS_H_

#include "core/ingest.h"
#include "core/settings.h"
#include "loader/terminal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace argo::loader {

enum class Command : std::uint8_t {
  kSetup,
  kIngest,
  kBackfill,
  kRefresh,
  kValidate,
  kSync,
  kDoctor,
  kStatus,
  kGaps,
  kReport,
  kExport,
  kSchedule,
};

struct CommandLine {
  Command command = Command::kStatus;
  // of all commands
  bool is_json = false;
  Verbosity verbosity = Verbosity::kNormal;
  std::string schema;    // empty: where Argo is found
  std::string env_file;  // empty: .env where there is one
  Options api_options;   // named as core/settings names them
  // of some; as_of, since, from and to are Unix seconds
  std::string site;  // empty: all
  IngestRequest request;
  std::optional<UnixTime> as_of, since, from, to;
  OnConflict on_conflict = OnConflict::kNothing;
  bool refresh_after = true;
  bool is_dry_run = false;
  bool only_prints = false;
  bool removes_functions = false;
  bool is_published = false;
  int refresh_days = 2;
  std::string migration_zone;  // empty: times have zones already
  std::string strategy = "smart";
  std::vector<std::string> views;  // empty: all
  // of exports
  std::string view;
  std::string from_text, to_text;  // as they were given
  std::string out_file;            // empty: stdout; of a report its JSON
  // of reports; empty: what argo_weekly_report() takes by itself
  std::string first_day, end_day, time_zone;
  std::string html_file, pdf_file;  // empty: none
  std::string report_at;            // empty: at once
};

// Says whether the arguments ask for JSON, be they right or wrong.
bool asks_for_json(int argc, const char* const* argv);

// Reads the command line. Returns nothing where it asked for help or the version, which is then
// printed. Throws Failure (usage) that quotes no value that could hold a secret.
std::optional<CommandLine> read_command_line(int argc, const char* const* argv);

}  // namespace argo::loader

#endif  // ARGO_LOADER_OPTIONS_H_

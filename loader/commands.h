// The commands that bring readings in or ask the database: each a call or two, and its result on
// stdout.
#ifndef ARGO_LOADER_COMMANDS_H_
#define ARGO_LOADER_COMMANDS_H_

#include "core/ingest.h"
#include "loader/context.h"
#include "loader/exit_code.h"
#include "loader/output.h"

namespace argo::loader {

// Runs the command of the command line. Throws Error, and Cancelled after a signal.
ExitCode run_command(const Context& context);

// Returns the row that argo_ingest() returns in SQL.
Table ingest_table(const IngestResult& result, double duration_ms);

}  // namespace argo::loader

#endif  // ARGO_LOADER_COMMANDS_H_

// The weekly report of a site, as JSON, web page and PDF.
#ifndef ARGO_LOADER_REPORT_H_
#define ARGO_LOADER_REPORT_H_

#include "loader/context.h"
#include "loader/exit_code.h"

namespace argo::loader {

// Asks the database for the report that the command line describes, and writes all files of it or
// none. Throws Failure, with exit code 9 where the circuit breaker is open.
ExitCode run_report(const Context& context);

}  // namespace argo::loader

#endif  // ARGO_LOADER_REPORT_H_

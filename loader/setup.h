// Brings Argo's functions, tables and views into a database, and takes the functions away again.
#ifndef ARGO_LOADER_SETUP_H_
#define ARGO_LOADER_SETUP_H_

#include "loader/context.h"
#include "loader/exit_code.h"

namespace argo::loader {

ExitCode run_setup(const Context& context);

}  // namespace argo::loader

#endif  // ARGO_LOADER_SETUP_H_

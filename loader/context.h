// What every command is given.
#ifndef ARGO_LOADER_CONTEXT_H_
#define ARGO_LOADER_CONTEXT_H_

#include "loader/environment.h"
#include "loader/options.h"
#include "loader/terminal.h"

namespace argo::loader {

struct Context {
  const CommandLine& line;
  const Environment& environment;
  Terminal& terminal;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_CONTEXT_H_

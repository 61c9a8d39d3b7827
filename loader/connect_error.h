// Judges why no connection to the database came about: whether another try may help, and what to
// tell the user.
#ifndef ARGO_LOADER_CONNECT_ERROR_H_
#define ARGO_LOADER_CONNECT_ERROR_H_

#include "loader/exit_code.h"

#include <string>

namespace argo::loader {

struct ConnectError {
  bool may_pass;  // by itself: a server that starts, wakes, or has no room for now
  Failure failure;
};

// Judges libpq's text, in which PQERRORS_VERBOSE has the SQLSTATE of what a server says. `server`
// is host:port of the attempt.
ConnectError judge_connect_error(const std::string& text, const std::string& server);

}  // namespace argo::loader

#endif  // ARGO_LOADER_CONNECT_ERROR_H_

// The connection to the API as PostgreSQL keeps it: a foreign server and a user mapping of it.
#ifndef ARGO_EXT_CONNECTION_H_
#define ARGO_EXT_CONNECTION_H_

#include "../core/settings.h"

#include <string>

namespace argo::pg {

// Returns the settings of a server for the current user. Throws Error where the server or the
// mapping is missing, or the user has no USAGE on the server.
Settings connection_settings(const std::string& server);

}  // namespace argo::pg

#endif  // ARGO_EXT_CONNECTION_H_

// Finds the schema that Argo lives in.
#ifndef ARGO_LOADER_SCHEMA_H_
#define ARGO_LOADER_SCHEMA_H_

#include "loader/connection.h"

#include <string>

namespace argo::loader {

struct Place {
  std::string schema;          // quoted
  bool has_functions = false;  // what setup installs
  bool has_tables = false;     // what argo_setup() makes
};

// Finds the schema of this name; with no name the one that holds Argo's tables or functions, or
// public where none or several do. One round trip.
Place find_place(Connection& connection, const std::string& name);

// The same for what works with tables and functions. Throws Failure (configuration) with the HINT
// argo-loader setup where they are not there.
std::string find_schema(Connection& connection, const std::string& name);

}  // namespace argo::loader

#endif  // ARGO_LOADER_SCHEMA_H_

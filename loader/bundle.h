// The SQL functions that the loader brings, as they are embedded in it.
#ifndef ARGO_LOADER_BUNDLE_H_
#define ARGO_LOADER_BUNDLE_H_

#include <string>

namespace argo::loader {

// Returns the statements that make or replace the functions in a schema, for a transaction of the
// caller's. `schema` is spelled as quote_ident() does, since its spelling gets into rows that both
// hosts write. Throws Failure (usage) where they cannot hold such a name.
std::string bundle(const std::string& schema);

// Returns the statements that drop them again.
std::string removal(const std::string& schema);

}  // namespace argo::loader

#endif  // ARGO_LOADER_BUNDLE_H_

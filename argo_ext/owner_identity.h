// Runs a view's code as its owner, as REFRESH does: in a security-restricted operation, with a
// fixed search_path. An error puts the caller back with its (sub)transaction.
#ifndef ARGO_EXT_OWNER_IDENTITY_H_
#define ARGO_EXT_OWNER_IDENTITY_H_

#include "pg.h"

namespace argo::pg {

class OwnerIdentity {
 public:
  // Both within call().
  void begin(Oid owner);
  void end() const;

 private:
  Oid caller_ = InvalidOid;
  int caller_context_ = 0;
  int settings_level_ = 0;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_OWNER_IDENTITY_H_

// Runs a view's code as its owner, as REFRESH does: in a security-restricted operation, with a
// fixed search_path.
#include "owner_identity.h"

extern "C" {
#include <utils/guc.h>
}

namespace argo::pg {

namespace {

void set(const char* name, const char* value) {
  (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

}  // namespace

void OwnerIdentity::begin(Oid owner) {
  GetUserIdAndSecContext(&caller_, &caller_context_);
  SetUserIdAndSecContext(owner, caller_context_ | SECURITY_RESTRICTED_OPERATION);
  settings_level_ = NewGUCNestLevel();
  set("search_path", "pg_catalog, pg_temp");
  // The many short scans of a merge look dear enough for JIT and are not.
  set("jit", "off");
  // A scan of a small table once a range adds up.
  set("random_page_cost", "1.1");
}

void OwnerIdentity::end() const {
  AtEOXact_GUC(false, settings_level_);
  SetUserIdAndSecContext(caller_, caller_context_);
}

}  // namespace argo::pg

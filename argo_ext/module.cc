// The shared library itself.
#include "boundary.h"

extern "C" {
PG_MODULE_MAGIC;
}

ARGO_FUNCTION(argo_library_version, Statement::kMayBeLogged) {
  return argo::pg::call([]() -> Datum { return CStringGetTextDatum(ARGO_VERSION); });
}

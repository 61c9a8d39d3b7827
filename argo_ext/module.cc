// The shared library itself.
#include "pg.h"

extern "C" {
PG_MODULE_MAGIC;
}

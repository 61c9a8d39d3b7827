// PostgreSQL's headers as C++ may include them: last, as C, and without the macros that would
// change the meaning of the standard library.
#ifndef ARGO_EXT_PG_H_
#define ARGO_EXT_PG_H_

// PostgreSQL 15 does not define it by itself; what it marks is all that the library shows.
#define PGDLLEXPORT __attribute__((visibility("default")))

extern "C" {
#include <postgres.h>

#include <access/htup_details.h>
#include <access/reloptions.h>
#include <access/xact.h>
#include <catalog/pg_foreign_server.h>
#include <catalog/pg_type.h>
#include <catalog/pg_user_mapping.h>
#include <commands/defrem.h>
#include <executor/spi.h>
#include <fmgr.h>
#include <foreign/foreign.h>
#include <funcapi.h>
#include <mb/pg_wchar.h>
#include <miscadmin.h>
#include <tcop/utility.h>
#include <utils/acl.h>
#include <utils/array.h>
#include <utils/builtins.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
#include <utils/resowner.h>
#include <utils/syscache.h>
#include <utils/timestamp.h>
#include <utils/tuplestore.h>
}

#endif  // ARGO_EXT_PG_H_

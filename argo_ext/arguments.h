// Reads the arguments that argo_ingest() and argo_backfill() share.
#ifndef ARGO_EXT_ARGUMENTS_H_
#define ARGO_EXT_ARGUMENTS_H_

#include "../core/ingest.h"

#include <optional>
#include <string>

#include "pg.h"

namespace argo::pg {

// Throws Error where an argument is NULL that must not be.
void require_argument(FunctionCallInfo fcinfo, int number, const char* name);

std::string required_text(FunctionCallInfo fcinfo, int number, const char* name);
int required_integer(FunctionCallInfo fcinfo, int number, const char* name);
bool required_boolean(FunctionCallInfo fcinfo, int number, const char* name);

// Reads 'nothing' or 'update'.
OnConflict required_on_conflict(FunctionCallInfo fcinfo, int number);

// Reads the argument as_of: nothing where it is NULL.
std::optional<UnixTime> optional_instant(FunctionCallInfo fcinfo, int number);

// Reads a date as YYYY-MM-DD.
std::string required_date(FunctionCallInfo fcinfo, int number, const char* name);

}  // namespace argo::pg

#endif  // ARGO_EXT_ARGUMENTS_H_

// Reads the arguments that argo_ingest() and argo_backfill() share.
#include "arguments.h"

#include "../core/error.h"
#include "../core/text.h"

#include <array>

#include "boundary.h"
#include "sql.h"

extern "C" {
#include <utils/date.h>
#include <utils/datetime.h>
}

namespace argo::pg {

void require_argument(FunctionCallInfo fcinfo, int number, const char* name) {
  if (PG_ARGISNULL(number))
    throw Error(sqlstate::kInvalidParameter, std::string("argument ") + name + " must not be null",
                "Nothing was asked for or stored.",
                "For example: SELECT * FROM argo_ingest('23271', 7);");
}

std::string required_text(FunctionCallInfo fcinfo, int number, const char* name) {
  require_argument(fcinfo, number, name);
  return text_argument(fcinfo, number).value();
}

int required_integer(FunctionCallInfo fcinfo, int number, const char* name) {
  require_argument(fcinfo, number, name);
  return PG_GETARG_INT32(number);
}

bool required_boolean(FunctionCallInfo fcinfo, int number, const char* name) {
  require_argument(fcinfo, number, name);
  return PG_GETARG_BOOL(number);
}

OnConflict required_on_conflict(FunctionCallInfo fcinfo, int number) {
  const std::string text = required_text(fcinfo, number, "on_conflict");
  if (text == "nothing")
    return OnConflict::kNothing;
  if (text == "update")
    return OnConflict::kUpdate;
  throw Error(sqlstate::kInvalidParameter,
              "invalid value for on_conflict: \"" + printable(text, 40) + "\"",
              "It says what becomes of a stored reading that the API now gives another value. "
              "Nothing was asked for or stored.",
              "Use 'nothing' to leave it, or 'update' to correct it.");
}

std::optional<UnixTime> optional_instant(FunctionCallInfo fcinfo, int number) {
  if (PG_ARGISNULL(number))
    return std::nullopt;
  if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(number)))
    throw Error(sqlstate::kInvalidParameter, "argument as_of must be a finite time",
                "Nothing was asked for or stored.", "Leave it out to use the time now.");
  return static_cast<UnixTime>(timestamptz_to_time_t(PG_GETARG_TIMESTAMPTZ(number)));
}

std::string required_date(FunctionCallInfo fcinfo, int number, const char* name) {
  require_argument(fcinfo, number, name);
  const DateADT date = PG_GETARG_DATEADT(number);
  if (DATE_NOT_FINITE(date))
    throw Error(sqlstate::kInvalidParameter,
                std::string("argument ") + name + " must be a finite date",
                "Nothing was asked for or stored.",
                "For example: CALL argo_backfill('23271', '2025-05-01', '2025-12-31');");
  int year = 0;
  int month = 0;
  int day = 0;
  j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
  std::array<char, 32> text{};
  snprintf(text.data(), text.size(), "%04d-%02d-%02d", year, month, day);
  return text.data();
}

}  // namespace argo::pg

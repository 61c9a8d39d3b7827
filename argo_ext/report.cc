// argo_report_html(): a report as a web page, rendered by the core.
#include "../core/report_html.h"

#include <cstring>
#include <string>

#include "boundary.h"

extern "C" {
#include <utils/jsonb.h>
}

namespace argo::pg {

namespace {

// Returns a jsonb argument as JSON in UTF-8.
std::string jsonb_argument(FunctionCallInfo fcinfo, int number) {
  return call([=] {
    Jsonb* value = PG_GETARG_JSONB_P(number);
    char* json = JsonbToCString(nullptr, &value->root, static_cast<int>(VARSIZE(value)));
    return static_cast<const char*>(
        pg_server_to_any(json, static_cast<int>(strlen(json)), PG_UTF8));
  });
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_report_html, Statement::kMayBeLogged) {
  using namespace argo::pg;
  const std::string html = argo::report_html(jsonb_argument(fcinfo, 0));
  return call([&html]() -> Datum {
    const char* server_text =
        pg_any_to_server(html.c_str(), static_cast<int>(html.size()), PG_UTF8);
    return CStringGetTextDatum(server_text);
  });
}

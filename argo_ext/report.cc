// argo_report_html(): a report as a web page, rendered by the core.
#include "../core/report_html.h"

#include <cstdint>
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

// Returns a page in ASCII, with references for all other characters: the database's encoding may
// lack them. What is no text of the page, such as its style sheet, is of ASCII.
std::string with_references(const std::string& html) {
  std::string out;
  std::uint32_t code = 0;
  for (std::size_t at = 0; at < html.size(); ++at) {
    const auto byte = static_cast<unsigned char>(html[at]);
    if (byte < 0x80U) {
      out += html[at];
      continue;
    }
    if (byte >= 0xC0U)
      code = byte & (byte >= 0xF0U ? 0x07U : byte >= 0xE0U ? 0x0FU : 0x1FU);
    else
      code = code << 6U | (byte & 0x3FU);
    const bool is_last =
        at + 1 == html.size() || (static_cast<unsigned char>(html[at + 1]) & 0xC0U) != 0x80U;
    if (is_last)
      out += "&#" + std::to_string(code) + ";";
  }
  return out;
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_report_html, Statement::kMayBeLogged) {
  using namespace argo::pg;
  std::string html = argo::report_html(jsonb_argument(fcinfo, 0));
  if (GetDatabaseEncoding() != PG_UTF8)
    html = with_references(html);
  return call([&html]() -> Datum {
    return PointerGetDatum(cstring_to_text_with_len(html.data(), static_cast<int>(html.size())));
  });
}

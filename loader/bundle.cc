// The SQL functions that the loader brings, as they are embedded in it.
#include "loader/bundle.h"

#include "core/error.h"
#include "core/text.h"
#include "loader/exit_code.h"

#include <string_view>

namespace argo::loader {

// Of the source that loader/embed makes.
extern const char setup_text[];
extern const char removal_text[];

namespace {

// Puts the name of the schema wherever the text names it.
std::string in_schema(std::string_view text, const std::string& schema) {
  constexpr std::string_view kPlaceholder = "@extschema@";
  const bool is_quoted = schema.size() > 2 && schema.front() == '"' && schema.back() == '"';
  const std::string name = is_quoted ? schema.substr(1, schema.size() - 2) : schema;
  // Inside of string constants and function bodies these would end them.
  if (name.empty() || name.find_first_of("\"'$%\\") != std::string::npos)
    throw Failure(ExitCode::kUsage, sqlstate::kInvalidParameter,
                  "schema name \"" + printable(name, 63) + "\" cannot be used",
                  "It must not be empty, nor hold any of \" ' $ % \\. Nothing was connected to.",
                  "argo-loader setup --schema argo");
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t at = text.find(kPlaceholder);
    out += text.substr(0, at);
    if (at == std::string_view::npos)
      return out;
    out += schema;
    text.remove_prefix(at + kPlaceholder.size());
  }
}

}  // namespace

std::string bundle(const std::string& schema) {
  return in_schema(setup_text, schema);
}

std::string removal(const std::string& schema) {
  return in_schema(removal_text, schema);
}

}  // namespace argo::loader

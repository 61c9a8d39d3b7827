// Makes text from outside harmless in the report's markup, and readable whatever its script is.
#ifndef ARGO_CORE_REPORT_ESCAPE_H_
#define ARGO_CORE_REPORT_ESCAPE_H_

#include "host_free.h"

#include <string>
#include <string_view>

namespace argo::report {

// Returns text as the content of an element or of a quoted attribute, both well-formed as XML.
// What is no character there becomes U+FFFD, and what would turn the direction of the rest goes.
std::string escape(std::string_view text);

// Returns text cut to max_characters (code points), with an ellipsis where something is missing.
std::string shortened(std::string_view text, std::size_t max_characters);

// Returns a name as markup for the content of an HTML element, in a direction of its own.
std::string html_name(std::string_view name);

// Returns a name for SVG text, titles and attributes, in a direction of its own: they know no bdi.
std::string isolated_name(std::string_view name);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_ESCAPE_H_

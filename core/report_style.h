// The style sheet of the report's page: light and dark, desk, phone and paper.
#ifndef ARGO_CORE_REPORT_STYLE_H_
#define ARGO_CORE_REPORT_STYLE_H_

#include "host_free.h"

#include <string>

namespace argo::report {

// Returns the style sheet; nothing in it depends on the report.
const std::string& style_sheet();

// Returns the page's content security policy, which allows this style sheet and nothing else.
std::string content_security_policy();

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_STYLE_H_

// Renders a weekly report as one HTML file that needs nothing else: no script, no network.
#ifndef ARGO_CORE_REPORT_HTML_H_
#define ARGO_CORE_REPORT_HTML_H_

#include "host_free.h"

#include <cstddef>
#include <string>

namespace argo {

// No page is larger; long lists are cut before, and say so.
inline constexpr std::size_t kMaxReportHtmlBytes = 300'000;

// Returns the page of what argo_weekly_report() made. The same report gives the same bytes.
// Throws Error (22023) for what is no report, or one of an unknown version.
std::string report_html(const std::string& report_json);

}  // namespace argo

#endif  // ARGO_CORE_REPORT_HTML_H_

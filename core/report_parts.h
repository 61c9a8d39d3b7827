// The parts of the report's page that are text and tables, in the order in which they are read.
#ifndef ARGO_CORE_REPORT_PARTS_H_
#define ARGO_CORE_REPORT_PARTS_H_

#include "host_free.h"

#include <string>

#include "report_context.h"

namespace argo::report {

// What a reader wants to know first: whose report it is, warnings, the headline and six figures.
std::string page_head(const Context& context);
std::string key_figures(const Context& context);

// What to do, what it is worth, and what needs a look.
std::string actions(const Context& context);

// The evidence, a section each.
std::string load_section(const Context& context);
std::string after_hours_section(const Context& context);
std::string events_section(const Context& context);
std::string meters_section(const Context& context);
std::string data_section(const Context& context);

// How the figures came about.
std::string method_section(const Context& context);
std::string page_foot(const Context& context);

// Marks the meter whose figures hold those of the others.
inline constexpr char kWholeSite[] = " <span class=\"tag\">whole site</span>";

// Returns a section with its heading and a sentence that says what matters in it.
std::string section(const std::string& id, const std::string& heading, const std::string& lead,
                    const std::string& content);

// Returns "From 95.5% of the expected readings." for the completeness of what is summarized.
std::string data_behind(const Json& summary);

// Returns a power, and below it when that was.
std::string power_at(const Context& context, const Json& item, const char* power, const char* at);

// Returns days of the week as "Mon to Fri" or "Mon, Wed".
std::string weekdays(const Json& list);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_PARTS_H_

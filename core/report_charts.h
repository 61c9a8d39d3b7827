// The report's charts, a source each: figures with a drawing for desks and paper, one for phones,
// and the table behind them.
#ifndef ARGO_CORE_REPORT_CHARTS_H_
#define ARGO_CORE_REPORT_CHARTS_H_

#include "host_free.h"

#include <string>

#include "report_context.h"

namespace argo::report {

// Returns the site's power hour by hour against the baseline.
std::string load_profile(const Context& context);

// Returns the same hours as a map: an hour of the day against the days.
std::string heat_map(const Context& context);

// Returns the energy of each day, and how much of its data is there.
std::string daily_use(const Context& context);

// Returns the meters with the most waste after hours; empty where there is none.
std::string after_hours_ranking(const Context& context);

// Returns when which meter used far more than usual; empty where none did.
std::string event_timeline(const Context& context);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_CHARTS_H_

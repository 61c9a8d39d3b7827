// The section on the load: its figures, the charts of the period, and a table of the meters.
#include <cmath>

#include "report_charts.h"
#include "report_escape.h"
#include "report_number.h"
#include "report_parts.h"
#include "report_table.h"

namespace argo::report {

namespace {

std::string fact(const std::string& name, const std::string& value, const std::string& about) {
  return "<div><dt>" + name + "</dt><dd>" + value +
         (about.empty() ? "" : "<span>" + about + "</span>") + "</dd></div>\n";
}

// Returns "1.9 kW more than in the 4 weeks before".
std::string base_load_drift(const Context& context, const Json& load) {
  const std::optional<double> drift = number(load, "baseLoadDriftKw");
  if (!drift)
    return "no baseline to compare with";
  if (std::abs(*drift) < 0.05)
    return "as in " + context.weeks_before();
  return quantity(std::abs(*drift), "kW") + (*drift > 0 ? " more than in " : " less than in ") +
         context.weeks_before();
}

// Returns "15 min earlier than in the 4 weeks before".
std::string time_drift(const Context& context, const Json& load, const char* key) {
  const std::optional<double> drift = number(load, key);
  if (!drift)
    return "no baseline to compare with";
  const auto minutes = static_cast<std::int64_t>(std::llround(std::abs(*drift)));
  if (minutes == 0)
    return "as in " + context.weeks_before();
  return duration(minutes) + (*drift > 0 ? " later than in " : " earlier than in ") +
         context.weeks_before();
}

std::string clock_of(const Json& load, const char* key) {
  const std::string time = text(load, key);
  return time.empty() ? kNoFigure : escape(shortened(time, 8));
}

std::string facts_of(const Context& context, const Json& load) {
  const std::optional<double> factor = number(load, "loadFactor");
  std::string out = "<dl class=\"facts\">\n";
  out += fact("Mean power", quantity(number(load, "avgKw"), "kW"), "");
  out += fact("Peak demand", quantity(number(load, "peakKw"), "kW"),
              number(load, "peakKw") ? context.moment(load, "peakAt") : "");
  out += fact("Load factor", factor ? percent(*factor * 100) : kNoFigure,
              "mean power as a share of the peak");
  out +=
      fact("Base load", quantity(number(load, "baseLoadKw"), "kW"), base_load_drift(context, load));
  out += fact("Starts up", clock_of(load, "startupTime"),
              text(load, "startupTime").empty() ? "not clear from the figures"
                                                : time_drift(context, load, "startupDriftMinutes"));
  out +=
      fact("Shuts down", clock_of(load, "shutdownTime"),
           text(load, "shutdownTime").empty() ? "not clear from the figures"
                                              : time_drift(context, load, "shutdownDriftMinutes"));
  return out + "</dl>\n";
}

// Returns a difference with its sign.
std::string drift_cell(std::optional<double> drift) {
  if (!drift)
    return kNoFigure;
  const std::string size = rounded(*drift);
  return *drift > 0 && size.find_first_of("123456789") != std::string::npos ? "+" + size : size;
}

// Returns a figure with its change behind it.
std::string changed_cell(const std::string& figure, const std::string& change) {
  return figure == kNoFigure || change == kNoFigure ? figure : figure + "\xC2\xA0(" + change + ")";
}

std::string minutes_cell(const Json& load, const char* time, const char* drift) {
  const std::optional<double> minutes = number(load, drift);
  return changed_cell(clock_of(load, time), minutes && std::llround(*minutes) != 0
                                                ? (*minutes > 0 ? "+" : "") + grouped(*minutes, 0)
                                                : kNoFigure);
}

}  // namespace

std::string load_section(const Context& context) {
  const Json& load = member(member(context.sections, "load"), "site");
  const Json& main_meter = member(context.metadata, "mainMeter");
  std::string lead = main_meter.is_object()
                         ? "Figures of the site are those of its main meter, " +
                               context.html_name(main_meter) + "."
                         : std::string(
                               "There is no main meter: figures of the site are sums over "
                               "its meters.");
  lead = load.is_object() ? lead + data_behind(context.summary) : std::string();
  return section(
      "load", "How the building used energy", lead,
      (load.is_object() ? facts_of(context, load)
                        : "<p class=\"none\">There are no readings of this period.</p>\n") +
          load_profile(context) + heat_map(context) + daily_use(context));
}

std::string meters_section(const Context& context) {
  const Json& load = member(context.sections, "load");
  const Json& meters = items(load, "meters");
  if (meters.empty())
    return section("meters", "Meter by meter", "",
                   "<p class=\"none\">No meter has readings.</p>\n");
  Table table("Use of each meter, the most energy first", {{"Meter", true},
                                                           {"Energy, kWh"},
                                                           {"Cost"},
                                                           {"Change"},
                                                           {"Peak"},
                                                           {"Load factor"},
                                                           {"Base load, kW (drift)"},
                                                           {"Starts (drift, min)"},
                                                           {"Stops (drift, min)"},
                                                           {"Data"}});
  std::size_t left_out = count(load, "omitted").value_or(0);
  for (std::size_t i = 0; i < meters.size(); ++i) {
    if (i >= context.limits.meters) {
      left_out += meters.size() - i;
      break;
    }
    const Json& meter = meters[i];
    const std::optional<double> factor = number(meter, "loadFactor");
    table.row({context.html_name(meter) + (context.is_main(meter) ? kWholeSite : ""),
               number(meter, "energyKwh"), Cell::money(number(meter, "cost"), context.currency),
               signed_percent(number(meter, "changePercent")),
               power_at(context, meter, "peakKw", "peakAt"),
               factor ? percent(*factor * 100) : kNoFigure,
               changed_cell(rounded(number(meter, "baseLoadKw")),
                            drift_cell(number(meter, "baseLoadDriftKw"))),
               minutes_cell(meter, "startupTime", "startupDriftMinutes"),
               minutes_cell(meter, "shutdownTime", "shutdownDriftMinutes"),
               percent(number(meter, "completenessPercent"))});
  }
  return section("meters", "Meter by meter",
                 "Change and drift are against " + context.weeks_before() +
                     "; a meter may be part of another one, so the column is no sum.",
                 table.begun(left_out));
}

}  // namespace argo::report

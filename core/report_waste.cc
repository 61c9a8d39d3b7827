// The sections on waste after hours, and on unusual use and spikes.
#include "report_charts.h"
#include "report_number.h"
#include "report_parts.h"
#include "report_table.h"

namespace argo::report {

namespace {

// Returns the worst quarter of an hour: when, and at which power.
std::string worst_of(const Context& context, const Json& meter) {
  const Json& worst = items(meter, "worst");
  if (worst.empty())
    return kNoFigure;
  return power_at(context, worst.front(), "powerKw", "at");
}

std::string after_hours_table(const Context& context, const Json& waste) {
  Table table("After hours, meter by meter", {{"Meter", true},
                                              {"Base load, kW"},
                                              {"Used after hours, kWh"},
                                              {"Of its use"},
                                              {"Above base load, kWh"},
                                              {"Cost of that"},
                                              {"Worst quarter-hour"},
                                              {"Data"}});
  std::size_t left_out = count(waste, "omitted").value_or(0);
  std::size_t shown = 0;
  for (const Json& meter : items(waste, "topMeters")) {
    if (shown >= context.limits.rows) {
      ++left_out;
      continue;
    }
    ++shown;
    table.row(
        {context.html_name(meter) + (context.is_main(meter) ? kWholeSite : "") +
             (flag(meter, "isSignificant") ? "" : " <span class=\"tag\">minor</span>"),
         number(meter, "baseLoadKw") ? Cell(number(meter, "baseLoadKw")) : Cell("no baseline"),
         number(meter, "afterHoursKwh"), percent(number(meter, "sharePercent")),
         number(meter, "excessKwh"), Cell::money(number(meter, "cost"), context.currency),
         worst_of(context, meter), percent(number(meter, "completenessPercent"))});
  }
  return table.empty() ? std::string() : table.begun(left_out);
}

std::string after_hours_lead(const Context& context, const Json& summary) {
  const std::optional<double> used = number(summary, "afterHoursKwh");
  const std::optional<double> excess = number(summary, "excessKwh");
  std::string out;
  if (used)
    out = quantity(used, "kWh") + " outside business hours, " +
          percent(number(summary, "sharePercent")) + " of all use.";
  if (excess)
    out += " " + quantity(excess, "kWh") + " of it, worth " + context.cost(summary, "cost") +
           ", is above " +
           (member(context.metadata, "mainMeter").is_object()
                ? "the main meter\xE2\x80\x99s base load"
                : "the meters\xE2\x80\x99 own base load") +
           ": the part worth questioning.";
  const std::int64_t significant = count(summary, "significantMeters").value_or(0);
  if (significant > 0)
    out += " On " + counted(significant, "meter") + " it is significant.";
  const std::int64_t without = count(summary, "metersWithoutBaseline").value_or(0);
  if (without > 0)
    out += " " + counted(without, "meter") + (without == 1 ? " has" : " have") +
           " no base load to judge by and " + (without == 1 ? "is" : "are") + " not in that.";
  return out + data_behind(summary);
}

std::string event_lead(const Context& context, const Json& summary, const std::string& noun,
                       const std::string& nouns) {
  const std::int64_t events = count(summary, "events").value_or(0);
  const std::int64_t business = count(summary, "businessEvents").value_or(0);
  if (events == 0)
    return {};
  return counted(events, noun, nouns) + " on " +
         counted(count(summary, "metersAffected").value_or(0), "meter") + ", " +
         quantity(number(summary, "excessKwh"), "kWh") + " above the usual, worth " +
         context.cost(summary, "cost") + "; " +
         (business == 0 ? "none" : grouped(static_cast<double>(business), 0)) +
         " mostly within business hours." + data_behind(summary);
}

std::string anomaly_table(const Context& context, const Json& anomalies) {
  Table table("Unusual use, by time", {{"Meter", true},
                                       {"When", true},
                                       {"Mostly", true},
                                       {"Usual, kWh"},
                                       {"Above that, kWh"},
                                       {"Cost of that"},
                                       {"Peak"},
                                       {"z-score of peak"}});
  std::size_t left_out = count(anomalies, "omitted").value_or(0);
  std::size_t shown = 0;
  for (const Json& event : items(anomalies, "timeline")) {
    if (shown >= context.limits.rows) {
      ++left_out;
      continue;
    }
    ++shown;
    table.row({context.html_name(event), context.range(event),
               flag(event, "isBusiness") ? "business hours" : "after hours",
               number(event, "expectedKwh"), number(event, "excessKwh"),
               Cell::money(number(event, "cost"), context.currency),
               power_at(context, event, "peakKw", "peakAt"), number(event, "zScore")});
  }
  return table.empty() ? std::string() : table.begun(left_out);
}

std::string spike_table(const Context& context, const Json& spikes) {
  Table table("Spikes, the most excess first", {{"Meter", true},
                                                {"When", true},
                                                {"Mostly", true},
                                                {"Peak"},
                                                {"Limit, kW"},
                                                {"Above the usual, kWh"},
                                                {"Cost of that"}});
  std::size_t left_out = count(spikes, "omitted").value_or(0);
  std::size_t shown = 0;
  for (const Json& event : items(spikes, "topSpikes")) {
    if (shown >= context.limits.rows) {
      ++left_out;
      continue;
    }
    ++shown;
    table.row({context.html_name(event) + (flag(event, "isMain") ? kWholeSite : ""),
               context.range(event), flag(event, "isBusiness") ? "business hours" : "after hours",
               power_at(context, event, "peakKw", "peakAt"), number(event, "thresholdKw"),
               number(event, "excessKwh"), Cell::money(number(event, "cost"), context.currency)});
  }
  return table.empty() ? std::string() : table.begun(left_out);
}

// Returns the sums by meter, folded away: the events say more.
std::string by_meter(const Context& context, const Json& part, const std::string& caption) {
  constexpr std::size_t kMeters = 25;
  Table table(caption, {{"Meter", true},
                        {"Events"},
                        {"Above the usual, kWh"},
                        {"Cost of that"},
                        {"Highest peak, kW"},
                        {"Data"}});
  std::size_t shown = 0;
  const Json& meters = items(part, "byChannel");
  for (const Json& meter : meters) {
    if (shown++ < std::min(kMeters, context.limits.rows))
      table.row({context.html_name(meter), Cell::whole(count(meter, "events")),
                 number(meter, "excessKwh"), Cell::money(number(meter, "cost"), context.currency),
                 number(meter, "peakKw"), percent(number(meter, "completenessPercent"))});
  }
  return meters.size() < 2 ? std::string() : folded(caption, table.whole());
}

std::string none_found(const Context& context, const std::string& what) {
  return "<p class=\"none\">" +
         (context.has_baseline() ? "No " + what + " in this period."
                                 : "There are no readings in the weeks before, so " + what +
                                       " could not be looked for.") +
         "</p>\n";
}

}  // namespace

std::string after_hours_section(const Context& context) {
  const Json& waste = member(context.sections, "afterHoursWaste");
  const Json& summary = member(waste, "summary");
  const std::string ranking = after_hours_ranking(context);
  return section("after-hours", "After hours", after_hours_lead(context, summary),
                 (ranking.empty() ? none_found(context, "waste after hours") : ranking) +
                     after_hours_table(context, waste));
}

std::string events_section(const Context& context) {
  const Json& anomalies = member(context.sections, "anomalies");
  const Json& spikes = member(context.sections, "spikes");
  const std::string unusual = anomaly_table(context, anomalies);
  const std::string peaks = spike_table(context, spikes);
  std::string out = event_timeline(context) + "<h3>Unusual use</h3>\n";
  if (unusual.empty())
    out += none_found(context, "unusual use");
  else
    out += "<p class=\"soft\">" +
           event_lead(context, member(anomalies, "summary"), "stretch", "stretches") + "</p>\n" +
           unusual + by_meter(context, anomalies, "Unusual use by meter");
  out += "<h3>Spikes</h3>\n";
  if (peaks.empty())
    out += none_found(context, "spikes");
  else
    out += "<p class=\"soft\">" +
           event_lead(context, member(spikes, "summary"), "spike", "spikes") + "</p>\n" + peaks +
           by_meter(context, spikes, "Spikes by meter");
  return section("unusual", "Unusual use and spikes",
                 "Unusual use is far above the same hour of the week in " + context.weeks_before() +
                     " for three quarter-hours or more; spikes are short.",
                 out);
}

}  // namespace argo::report

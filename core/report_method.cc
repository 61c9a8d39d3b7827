// The end of the report's page: what the words mean, by which settings, and what made it.
#include <cmath>

#include "report_escape.h"
#include "report_number.h"
#include "report_parts.h"

namespace argo::report {

namespace {

std::string entry(const std::string& name, const std::string& meaning) {
  return "<div><dt>" + name + "</dt><dd>" + meaning + "</dd></div>\n";
}

std::string hours_range(std::optional<double> start, std::optional<double> end) {
  const auto minutes = [](double hours) { return static_cast<int>(std::lround(hours * 60)); };
  const bool is_day = start && end && *start >= 0 && *end <= 24 && *start <= *end;
  return is_day ? clock_time(minutes(*start)) + " to " + clock_time(minutes(*end)) : kNoFigure;
}

std::string business(const Context& context) {
  const Json& hours = member(context.metadata, "businessHours");
  const std::string days = weekdays(items(hours, "weekdays"));
  std::string out = days.empty()
                        ? "None: all time is after hours."
                        : days + ", " + hours_range(number(hours, "start"), number(hours, "end")) +
                              ". All other time is after hours.";
  std::string holidays;
  for (const Json& holiday : items(context.metadata, "holidays")) {
    const std::optional<Day> day = parse_day(text(holiday));
    if (day)
      holidays += (holidays.empty() ? "" : ", ") + short_day(*day);
  }
  return out + (holidays.empty() ? " No holidays in the period." : " Holidays: " + holidays + ".");
}

std::string tariff(const Context& context) {
  std::string out = rate(number(context.metadata, "tariffPerKwh"), context.currency) + " per kWh";
  const Json& rates = items(context.metadata, "timeOfUse");
  for (const Json& item : rates)
    out += "; " + html_name(shortened(text(item, "name"), context.limits.name_characters)) + " " +
           rate(number(item, "rate_per_kwh"), context.currency) + " (" +
           weekdays(items(item, "weekdays")) + ", " +
           hours_range(number(item, "start"), number(item, "end")) + ")";
  const std::optional<double> demand = number(context.metadata, "demandChargePerKw");
  if (demand)
    out += "; demand charge " + rate(demand, context.currency) + " per kW of the peak";
  const std::string currency = escape(shortened(context.currency, 8));
  return out + "." + (currency.empty() ? "" : " Amounts are in " + currency + ".");
}

std::string baseline(const Context& context) {
  const Json& found = member(context.metadata, "baseline");
  const std::optional<Day> start = parse_day(text(found, "start"));
  const std::optional<Day> end = parse_day(text(found, "end"));
  return (start && end ? day_range(*start, *end) + ". " : std::string()) +
         "What is usual is taken from the same hours of the week in these weeks.";
}

std::string checks(const Context& context) {
  const std::string state = text(member(context.metadata, "gate"), "state");
  if (state == "closed")
    return "The checks of the data let this report through without reservation.";
  return state == "degraded" ? "Checks of the data failed; the report is shown with a warning."
                             : "Not stated.";
}

}  // namespace

std::string method_section(const Context& context) {
  return section(
      "method", "How to read this", "",
      "<dl class=\"method\">\n" + entry("Business hours", business(context)) +
          entry("Rates", tariff(context)) + entry("Baseline", baseline(context)) +
          entry("Energy",
                "In kWh, as measured. Missing readings are left out, never taken for "
                "zero and never estimated.") +
          entry("Data", "Readings received as a share of those expected, one each 15 minutes.") +
          entry("Base load",
                "What a meter hardly ever goes below: the 5th percentile of its power "
                "where that is above zero.") +
          entry("After hours",
                "Above the base load of the time outside business hours in the "
                "baseline. Significant from the energy that the site\xE2\x80\x99s "
                "settings say. Since meters are at their base loads at different times, those of "
                "the parts may add up to more than that of the whole.") +
          entry("z-score",
                "How many standard deviations the peak is above the mean of its hour of "
                "the week.") +
          entry("Figures",
                "Rounded for reading; the report\xE2\x80\x99s JSON has them in full. "
                "\xE2\x80\x9C\xE2\x80\x93\xE2\x80\x9D means that there is no figure.") +
          entry("Checks", checks(context)) + "</dl>\n");
}

std::string page_foot(const Context& context) {
  const std::optional<Moment> made = parse_moment(text(context.metadata, "generatedAt"));
  const std::string version = escape(shortened(text(context.metadata, "argoVersion"), 20));
  std::string out = "<footer><p>";
  if (made)
    out += "Made on " + weekday_name(made->day()) + " " + long_day(made->day()) + " at " +
           clock_time(made->minute_of_day()) + " (" + utc_offset(made->offset_minutes) + ")";
  return out + (made ? " by Argo" : "By Argo") + (version.empty() ? "" : " " + version) +
         ".</p></footer>\n";
}

}  // namespace argo::report

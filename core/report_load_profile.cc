// Draws the load profile: the site's power hour by hour, against what is usual in the same hours.
#include <algorithm>
#include <cmath>

#include "report_axis.h"
#include "report_charts.h"
#include "report_escape.h"
#include "report_number.h"
#include "report_svg.h"
#include "report_table.h"

namespace argo::report {

namespace {

struct Hour {
  Moment at;
  std::optional<double> kw;
  std::optional<double> usual_kw;
  std::optional<double> completeness;

  // Readings were expected and none came; otherwise the hour is still to come, or before the
  // meters.
  bool is_missing() const { return !kw && completeness; }
  bool is_partial() const { return kw && completeness && *completeness < 100; }
};

std::vector<Hour> hours_of(const Context& context) {
  std::vector<Hour> hours;
  for (const Json& point : items(member(context.charts, "loadProfile"), "points")) {
    const std::optional<Moment> at = parse_moment(text(point, "t"));
    if (at)
      hours.push_back({*at, number(point, "kw"), number(point, "baselineKw"),
                       number(point, "completenessPercent")});
  }
  return hours;
}

// What the sentences below a heading and for the blind say of the hours.
struct Facts {
  const Hour* highest = nullptr;
  const Hour* lowest = nullptr;
  std::int64_t missing = 0;
  std::int64_t partial = 0;
  std::int64_t still_open = 0;
  double largest = 0;
  bool has_usual = false;
};

Facts facts_of(const std::vector<Hour>& hours) {
  Facts facts;
  for (const Hour& hour : hours) {
    facts.missing += hour.is_missing() ? 1 : 0;
    facts.partial += hour.is_partial() ? 1 : 0;
    facts.still_open += !hour.kw && !hour.completeness ? 1 : 0;
    facts.has_usual = facts.has_usual || hour.usual_kw;
    facts.largest = std::max({facts.largest, hour.kw.value_or(0), hour.usual_kw.value_or(0)});
    if (!hour.kw)
      continue;
    if (facts.highest == nullptr || *hour.kw > *facts.highest->kw)
      facts.highest = &hour;
    if (facts.lowest == nullptr || *hour.kw < *facts.lowest->kw)
      facts.lowest = &hour;
  }
  return facts;
}

// Where the values go on the drawing.
struct Plot {
  const std::vector<Hour>& hours;
  const TimeAxis& time;
  const ValueAxis& value;
  double top;
  double bottom;

  double x(const Hour& hour) const { return time.x(hour.at.utc_seconds + kSecondsPerHour / 2); }
  double y(double kw) const { return value.y(kw, top, bottom); }
};

// Calls `run` with the first and the behind-last index of each stretch of hours that `test` holds
// for.
template <typename Test, typename Run>
void each_stretch(const std::vector<Hour>& hours, Test test, Run run) {
  for (std::size_t i = 0; i < hours.size(); ++i) {
    if (!test(hours[i]))
      continue;
    const std::size_t first = i;
    while (i < hours.size() && test(hours[i]) &&
           (i == first || hours[i].at.utc_seconds == hours[i - 1].at.utc_seconds + kSecondsPerHour))
      ++i;
    run(first, i);
    --i;
  }
}

// Returns a line through the hours that have a value, broken where one has none.
std::string line_through(const Plot& plot, std::optional<double> Hour::*value) {
  std::string d;
  each_stretch(
      plot.hours, [&](const Hour& hour) { return (hour.*value).has_value(); },
      [&](std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i)
          d += (i == first ? "M" : "L") + coordinate(plot.x(plot.hours[i])) + " " +
               coordinate(plot.y(*(plot.hours[i].*value)));
        // An hour alone is a dot, by the line's round end.
        if (end == first + 1)
          d += "h.01";
      });
  return d;
}

// Returns the area between the line and zero.
std::string area_below(const Plot& plot) {
  std::string d;
  each_stretch(
      plot.hours, [](const Hour& hour) { return hour.kw.has_value(); },
      [&](std::size_t first, std::size_t end) {
        d += "M" + coordinate(plot.x(plot.hours[first])) + " " + coordinate(plot.bottom);
        for (std::size_t i = first; i < end; ++i)
          d +=
              "L" + coordinate(plot.x(plot.hours[i])) + " " + coordinate(plot.y(*plot.hours[i].kw));
        d += "V" + coordinate(plot.bottom) + "z";
      });
  return d;
}

// Hatches the hours without readings, and the foot of those with some of them missing.
void draw_missing(Drawing& drawing, const Plot& plot, const Context& context) {
  const auto hatch = [&](double height, const char* what) {
    return [&, height, what](std::size_t first, std::size_t end) {
      const Moment from = plot.hours[first].at;
      Moment to = plot.hours[end - 1].at;
      to.utc_seconds += kSecondsPerHour;
      if (end < plot.hours.size())
        to.offset_minutes = plot.hours[end].at.offset_minutes;
      const double left = plot.time.x(from.utc_seconds);
      drawing.rectangle(left, plot.bottom - height, plot.time.x(to.utc_seconds) - left, height,
                        drawing.missing(), what + context.clock.range(from, to));
    };
  };
  each_stretch(
      plot.hours, [](const Hour& hour) { return hour.is_missing(); },
      hatch(plot.bottom - plot.top, "No readings: "));
  each_stretch(
      plot.hours, [](const Hour& hour) { return hour.is_partial(); },
      hatch(8, "Some readings missing: "));
}

std::string draw(const Context& context, const std::vector<Hour>& hours, const Facts& facts,
                 const Format& format, const std::string& description) {
  const ValueAxis value(facts.largest, format.is_narrow ? 5 : 6);
  const double size = format.font_size;
  const double left = value.room(format);
  const double right = format.width - 4;
  const double top = 2.2 * size;
  const double bottom = format.is_narrow ? 210 : 290;
  Drawing drawing("profile", format, bottom + (format.is_narrow ? 3 : 2) * size);
  const TimeAxis time(context, left, right);
  const Plot plot = {hours, time, value, top, bottom};
  time.draw_off_hours(drawing, top, bottom);
  value.draw(drawing, left, right, top, bottom, "kW, mean of each hour");
  time.draw_midnights(drawing, top, bottom);
  time.draw_days(drawing, bottom);
  draw_missing(drawing, plot, context);
  drawing.path(area_below(plot), fill(Ink::kUse) + " fill-opacity=\".13\"");
  drawing.path(line_through(plot, &Hour::usual_kw),
               stroke(Ink::kAxis, 1.7, "5 3") + " stroke-linecap=\"round\"");
  drawing.path(line_through(plot, &Hour::kw),
               stroke(Ink::kUse, 2.2) + " stroke-linejoin=\"round\" stroke-linecap=\"round\"");
  return drawing.finish("Load profile", description);
}

std::string describe(const Context& context, const Facts& facts) {
  std::string out;
  if (facts.highest != nullptr)
    out += "Highest hour " + quantity(facts.highest->kw, "kW") + ", from " +
           context.clock.moment(facts.highest->at) + "; lowest " +
           quantity(facts.lowest->kw, "kW") + ", from " + context.clock.moment(facts.lowest->at) +
           ". ";
  if (facts.missing > 0)
    out += counted(facts.missing, "hour") + (facts.missing == 1 ? " has" : " have") +
           " no readings and " + (facts.missing == 1 ? "is" : "are") + " hatched. ";
  if (facts.partial > 0)
    out += "In " + counted(facts.partial, "hour") + " some readings are missing. ";
  if (facts.still_open > 0)
    out += "In " + counted(facts.still_open, "hour") +
           " no readings were expected (yet): those are empty. ";
  if (!facts.has_usual)
    out += "There is no baseline to compare with. ";
  if (!out.empty())
    out.pop_back();
  return out;
}

std::string table_of(const Context& context, const std::vector<Hour>& hours) {
  Table table("Load profile: mean power of each hour",
              {{"Hour from", true}, {"Power, kW"}, {"Baseline, kW"}, {"Readings received"}});
  for (std::size_t i = 0; i < std::min(hours.size(), context.limits.hourly_rows); ++i)
    table.row(
        {context.clock.moment(hours[i].at),
         hours[i].is_missing() ? Cell("missing") : Cell(hours[i].kw), hours[i].usual_kw,
         hours[i].completeness ? percent(hours[i].completeness) : std::string("none expected")});
  return table.empty() ? std::string() : folded("Data table: power of each hour", table.whole());
}

}  // namespace

std::string load_profile(const Context& context) {
  const std::vector<Hour> hours = hours_of(context);
  if (hours.empty())
    return "<p class=\"none\">The report has no hourly figures to draw.</p>\n";
  const Facts facts = facts_of(hours);
  if (facts.highest == nullptr && facts.missing == 0)
    return "<p class=\"none\">No readings were expected in this period: there is nothing to "
           "draw.</p>\n";
  const std::string description = describe(context, facts);
  std::vector<Key> keys = {{"use", "This period"}};
  if (facts.has_usual)
    keys.push_back({"usual", "Baseline: usual in that hour of the week"});
  keys.push_back({"off", "Outside business hours"});
  if (facts.missing > 0)
    keys.push_back({"gap", "No readings"});
  if (facts.partial > 0)
    keys.push_back({"part", "Some readings missing"});
  const std::string for_readers =
      "Line chart of the site's mean power in each hour, with the baseline dashed. " + description;
  return figure("Load profile", description, keys, draw(context, hours, facts, kWide, for_readers),
                draw(context, hours, facts, kNarrow, for_readers), table_of(context, hours));
}

}  // namespace argo::report

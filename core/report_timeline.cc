// Draws when which meter used far more than usual: a lane a meter, bars and marks in real time.
#include <algorithm>
#include <map>

#include "report_axis.h"
#include "report_charts.h"
#include "report_escape.h"
#include "report_number.h"
#include "report_svg.h"
#include "report_table.h"

namespace argo::report {

namespace {

// More lanes than this would be no picture any more; the tables have them all.
constexpr std::size_t kLanes = 12;

struct Event {
  const Json* item = nullptr;
  bool is_spike = false;
  Moment start;
  Moment end;
  double excess_kwh = 0;
};

struct Lane {
  std::string name;
  double excess_kwh = 0;
  std::vector<Event> events;
};

// Returns the lanes, the one with the most excess first.
std::vector<Lane> lanes_of(const Context& context) {
  std::map<std::pair<double, std::string>, Lane> by_meter;
  for (const Json& item : items(context.charts, "anomalyTimeline")) {
    const std::optional<Moment> start = parse_moment(text(item, "start"));
    const std::optional<Moment> end = parse_moment(text(item, "end"));
    if (!start || !end)
      continue;
    Lane& lane = by_meter[{number(item, "meterId").value_or(0), text(item, "meterName")}];
    lane.name = context.name(item);
    const double excess = number(item, "excessKwh").value_or(0);
    lane.excess_kwh += excess;
    lane.events.push_back({&item, text(item, "kind") == "spike", *start, *end, excess});
  }
  std::vector<Lane> lanes;
  lanes.reserve(by_meter.size());
  for (auto& [meter, lane] : by_meter)
    lanes.push_back(std::move(lane));
  std::stable_sort(lanes.begin(), lanes.end(), [](const Lane& left, const Lane& right) {
    return left.excess_kwh > right.excess_kwh;
  });
  return lanes;
}

std::string hover_of(const Context& context, const Event& event) {
  return std::string(event.is_spike ? "Spike" : "Unusual use") + ": " +
         context.clock.range(event.start, event.end) + ", " + quantity(event.excess_kwh, "kWh") +
         " more than usual, peak " + quantity(number(*event.item, "peakKw"), "kW");
}

void draw_event(Drawing& drawing, const Context& context, const TimeAxis& time, const Event& event,
                double top, double height) {
  constexpr double kLeast = 3;
  const double left = time.x(event.start.utc_seconds);
  const double width = std::max(time.x(event.end.utc_seconds) - left, kLeast);
  if (!event.is_spike) {
    drawing.rectangle(left, top, width, 0.8 * height, fill(Ink::kWaste), hover_of(context, event));
    return;
  }
  const double middle = left + width / 2;
  const double half = height * 0.5;
  // Below the bars, so that neither hides the other.
  top += 0.9 * height;
  drawing.path("M" + coordinate(middle) + " " + coordinate(top) + "L" + coordinate(middle + half) +
                   " " + coordinate(top + 0.9 * height) + "H" + coordinate(middle - half) + "z",
               fill(Ink::kSpike) + " stroke=\"#ffffff\"", hover_of(context, event));
}

std::string draw(const Context& context, const std::vector<Lane>& lanes, const Format& format,
                 const std::string& description) {
  const double size = format.font_size;
  const double left = format.is_narrow ? 2 : 230;
  const double right = format.width - 4;
  const double step = format.is_narrow ? 3.5 * size : 2.3 * size;
  const double offset = format.is_narrow ? 1.5 * size : 0.3 * size;
  const double height = size;
  const std::size_t shown = std::min(lanes.size(), kLanes);
  const double bottom = static_cast<double>(shown) * step + 4;
  Drawing drawing("timeline", format, bottom + (format.is_narrow ? 3 : 2.2) * size);
  const TimeAxis time(context, left, right);
  if (!format.is_narrow)
    time.draw_off_hours(drawing, 0, bottom);
  for (std::size_t i = 0; i < shown; ++i) {
    const double top = static_cast<double>(i) * step;
    // On phones the names stand above the time, and nothing crosses them.
    if (format.is_narrow) {
      time.draw_off_hours(drawing, top + offset, top + step);
      time.draw_midnights(drawing, top + offset, top + step);
    }
    if (i > 0)
      drawing.line(format.is_narrow ? 0 : 8, top, right, top, stroke(Ink::kGrid, 1));
    if (format.is_narrow)
      drawing.text(3, top + 1.15 * size,
                   isolated_name(cut_to_ems(lanes[i].name, format.width / size - 1)));
    else
      drawing.text(left - 8, top + 1.45 * size,
                   isolated_name(cut_to_ems(lanes[i].name, left / size - 2)), Anchor::kEnd);
    for (const Event& event : lanes[i].events)
      draw_event(drawing, context, time, event, top + offset, height);
  }
  if (!format.is_narrow)
    time.draw_midnights(drawing, 0, bottom);
  drawing.line(left, bottom, right, bottom, stroke(Ink::kAxis, 1));
  time.draw_days(drawing, bottom);
  return drawing.finish("Timeline of unusual use and spikes", description);
}

std::string table_of(const Context& context) {
  Table table("Timeline of unusual use and spikes", {{"Meter", true},
                                                     {"Kind", true},
                                                     {"When", true},
                                                     {"Peak, kW"},
                                                     {"More than usual, kWh"},
                                                     {"Mostly", true}});
  std::size_t rows = 0;
  for (const Json& item : items(context.charts, "anomalyTimeline")) {
    if (rows++ < context.limits.rows)
      table.row({context.html_name(item), text(item, "kind") == "spike" ? "spike" : "unusual use",
                 context.range(item), number(item, "peakKw"), number(item, "excessKwh"),
                 flag(item, "isBusiness") ? "business hours" : "after hours"});
  }
  const std::string rest =
      rows > context.limits.rows
          ? "<p class=\"note\">" + grouped(static_cast<double>(rows - context.limits.rows), 0) +
                " later ones are in the tables below, as far as these go.</p>\n"
          : "";
  return folded("Data table: unusual use and spikes by time", table.whole() + rest);
}

}  // namespace

std::string event_timeline(const Context& context) {
  const std::vector<Lane> lanes = lanes_of(context);
  if (lanes.empty())
    return {};
  std::int64_t spikes = 0;
  std::int64_t others = 0;
  for (const Lane& lane : lanes) {
    for (const Event& event : lane.events)
      ++(event.is_spike ? spikes : others);
  }
  std::string sentence =
      others == 1 ? "One stretch of unusual use"
                  : grouped(static_cast<double>(others), 0) + " stretches of unusual use";
  sentence += " and " + counted(spikes, "spike") + ", a line a meter, the most excess first.";
  if (lanes.size() > kLanes)
    sentence += " " + counted(static_cast<std::int64_t>(lanes.size() - kLanes), "more meter") +
                " are in the data table.";
  const std::vector<Key> keys = {
      {"waste", "Unusual use"}, {"spike", "Spike"}, {"off", "Outside business hours"}};
  return figure("When it was unusual", sentence, keys, draw(context, lanes, kWide, sentence),
                draw(context, lanes, kNarrow, sentence), table_of(context));
}

}  // namespace argo::report

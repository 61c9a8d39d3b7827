// Draws the energy of each day as a bar, and says how much of the day's data is there.
#include <algorithm>
#include <cstdlib>

#include "report_axis.h"
#include "report_charts.h"
#include "report_number.h"
#include "report_svg.h"
#include "report_table.h"

namespace argo::report {

namespace {

// Of more days than this not every bar has its figures.
constexpr std::size_t kDaysWithFigures = 8;

struct DayUse {
  Day day = 0;
  bool is_business_day = false;
  std::optional<double> kwh;
  std::optional<double> completeness;

  bool is_partial() const { return kwh && completeness && *completeness < 100; }
  bool is_missing() const { return !kwh && completeness; }
};

std::vector<DayUse> days_of(const Context& context) {
  std::vector<DayUse> days;
  for (const Json& item : items(context.charts, "dailyUse")) {
    const std::optional<Day> day = parse_day(text(item, "date"));
    if (day)
      days.push_back({*day, flag(item, "isBusinessDay"), number(item, "kwh"),
                      number(item, "completenessPercent")});
  }
  return days;
}

std::string hover_of(const DayUse& day) {
  return short_day(day.day) + ": " + quantity(day.kwh, "kWh") +
         (day.completeness ? ", " + percent(day.completeness) + " of its readings" : "");
}

void draw_bar(Drawing& drawing, const DayUse& day, const ValueAxis& value, double left,
              double width, double top, double bottom) {
  if (day.is_missing()) {
    drawing.rectangle(left, top, width, bottom - top, drawing.missing(),
                      short_day(day.day) + ": no readings");
    return;
  }
  if (!day.kwh)
    return;
  const double height = bottom - value.y(*day.kwh, top, bottom);
  drawing.rectangle(left, bottom - height, width, height,
                    fill(day.is_business_day ? Ink::kUse : Ink::kQuietUse), hover_of(day));
  // What is missing of the day would stand above what was measured: how much is not known.
  if (day.is_partial())
    drawing.rectangle(left, std::max(bottom - height - 9, 0.0), width, 9, drawing.missing());
}

void draw_labels(Drawing& drawing, const DayUse& day, const ValueAxis& value, double middle,
                 double left, double top, double bottom, bool has_figures) {
  const double size = drawing.font_size();
  const bool is_narrow = drawing.format().is_narrow;
  if (!has_figures) {
    if (iso_weekday(day.day) == 1)
      drawing.text(left, bottom + 1.6 * size, day_and_month(day.day));
    return;
  }
  if (day.kwh) {
    const double head = value.y(*day.kwh, top, bottom) - (day.is_partial() ? 9 : 0);
    drawing.text(middle, head - 0.45 * size, rounded(day.kwh), Anchor::kMiddle, true);
  }
  drawing.text(middle, bottom + 1.5 * size, is_narrow ? weekday_name(day.day) : short_day(day.day),
               Anchor::kMiddle);
  if (is_narrow)
    drawing.text(middle, bottom + 2.7 * size, day_and_month(day.day), Anchor::kMiddle);
  const std::string data = day.completeness ? percent(day.completeness) : kNoFigure;
  drawing.text(middle, bottom + (is_narrow ? 4.1 : 2.9) * size,
               is_narrow || !day.completeness ? data : data + " of data", Anchor::kMiddle);
}

std::string draw(const std::vector<DayUse>& days, const Format& format,
                 const std::string& description) {
  double largest = 0;
  for (const DayUse& day : days)
    largest = std::max(largest, day.kwh.value_or(0));
  // A tenth more, so that the figure above the highest bar has room.
  const ValueAxis value(largest * 1.08, format.is_narrow ? 5 : 6);
  const double size = format.font_size;
  const double left = value.room(format);
  const double right = format.width - 4;
  const double top = 2.2 * size;
  const double bottom = format.is_narrow ? 190 : 220;
  Drawing drawing("daily", format, bottom + (format.is_narrow ? 4.6 : 3.4) * size);
  value.draw(drawing, left, right, top, bottom, "kWh a day");
  const double step = (right - left) / static_cast<double>(days.size());
  const double width = std::min(step * 0.72, 64.0);
  for (std::size_t i = 0; i < days.size(); ++i) {
    const double middle = left + step * (static_cast<double>(i) + 0.5);
    draw_bar(drawing, days[i], value, middle - width / 2, width, top, bottom);
    draw_labels(drawing, days[i], value, middle, middle - width / 2, top, bottom,
                days.size() <= kDaysWithFigures);
  }
  drawing.line(left, bottom, right, bottom, stroke(Ink::kAxis, 1));
  return drawing.finish("Energy of each day", description);
}

std::string describe(const Context& context, const std::vector<DayUse>& days) {
  std::string out;
  std::int64_t partial = 0;
  std::int64_t missing = 0;
  std::int64_t open = 0;
  for (const DayUse& day : days) {
    open += !day.kwh && !day.completeness ? 1 : 0;
    partial += day.is_partial() ? 1 : 0;
    missing += day.is_missing() ? 1 : 0;
  }
  if (partial + missing == 0)
    out = "Every day with a bar has all of its readings.";
  else
    out = "On " + counted(partial + missing, "day") + " readings are missing: " +
          (partial + missing == 1 ? "it used more than its bar shows."
                                  : "those used more than their bars show.");
  if (open > 0)
    out += " On " + counted(open, "day") + " no readings were expected (yet).";
  for (const auto& [day, minutes] : context.clock.changes())
    out += " On " + short_day(day) + " the clock changes: the day is " +
           duration(std::abs(minutes)) + (minutes > 0 ? " shorter." : " longer.");
  return out;
}

std::string table_of(const std::vector<DayUse>& days) {
  Table table("Energy of each day",
              {{"Day", true}, {"Energy, kWh"}, {"Readings received"}, {"Kind of day", true}});
  for (const DayUse& day : days)
    table.row({short_day(day.day), day.is_missing() ? Cell("missing") : Cell(day.kwh),
               day.completeness ? percent(day.completeness) : "none expected",
               day.is_business_day ? "business day" : "weekend or holiday"});
  return folded("Data table: energy of each day", table.whole());
}

}  // namespace

std::string daily_use(const Context& context) {
  const std::vector<DayUse> days = days_of(context);
  if (std::none_of(days.begin(), days.end(),
                   [](const DayUse& day) { return day.kwh || day.completeness; }))
    return {};
  std::vector<Key> keys = {{"use", "Business day"}, {"quiet", "Weekend or holiday"}};
  if (std::any_of(days.begin(), days.end(),
                  [](const DayUse& day) { return day.is_partial() || day.is_missing(); }))
    keys.push_back({"gap", "Missing readings, not measured"});
  const std::string sentence = describe(context, days);
  const std::string description = "A bar a day, from zero. " + sentence;
  return figure("Energy of each day", sentence, keys, draw(days, kWide, description),
                draw(days, kNarrow, description), table_of(days));
}

}  // namespace argo::report

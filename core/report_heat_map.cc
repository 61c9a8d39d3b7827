// Draws the heat map: each hour of the day against the days, by mean power, what is missing
// hatched.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "report_axis.h"
#include "report_charts.h"
#include "report_number.h"
#include "report_svg.h"
#include "report_table.h"

namespace argo::report {

namespace {

constexpr int kHours = 24;
// From little to much; dark pages turn them round by class.
constexpr std::array<const char*, 9> kHeat = {"#e4eef8", "#cfe1f2", "#b5d2ea", "#8dbadd", "#62a0cf",
                                              "#3c84bd", "#2068a5", "#0f4c84", "#08315b"};

struct HeatCell {
  Moment at;
  int hour = 0;
  std::optional<double> kw;
  std::optional<double> completeness;
};

struct DayRow {
  Day day = 0;
  bool is_business_day = false;
  std::vector<HeatCell> cells;
  // How many real hours each hour of the clock has: 0, 1 or 2.
  std::array<int, kHours> real_hours{};

  bool is_short() const { return cells.size() < kHours; }
  bool is_long() const { return cells.size() > kHours; }
};

std::vector<DayRow> rows_of(const Context& context) {
  std::vector<DayRow> rows;
  for (const Json& item : items(member(context.charts, "heatMap"), "rows")) {
    const std::optional<Day> day = parse_day(text(item, "date"));
    if (!day)
      continue;
    DayRow row{*day, flag(item, "isBusinessDay"), {}, {}};
    for (const Json& hour : items(item, "hours")) {
      const std::optional<Moment> at = parse_moment(text(hour, "t"));
      if (!at)
        continue;
      row.cells.push_back(
          {*at, at->hour(), number(hour, "kw"), number(hour, "completenessPercent")});
      ++row.real_hours[static_cast<std::size_t>(at->hour())];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// Steps of the colours: each begins at a round number of kW, the first at zero.
struct Steps {
  explicit Steps(const std::vector<DayRow>& rows)
      : axis(ValueAxis::fine(largest_of(rows), kHeat.size())) {}

  static double largest_of(const std::vector<DayRow>& rows) {
    double largest = 0;
    for (const DayRow& row : rows) {
      for (const HeatCell& cell : row.cells)
        largest = std::max(largest, cell.kw.value_or(0));
    }
    return largest;
  }

  std::size_t count() const { return static_cast<std::size_t>(axis.steps()); }

  std::size_t step(double kw) const {
    const double at = std::clamp(kw / axis.step(), 0.0, static_cast<double>(axis.steps() - 1));
    return static_cast<std::size_t>(at);
  }

  // Returns the colour of a step, the whole range spread over however many there are.
  std::size_t colour(std::size_t step) const {
    return count() < 2 ? 0 : step * (kHeat.size() - 1) / (count() - 1);
  }

  ValueAxis axis;
};

std::string heat(std::size_t colour) {
  return " class=\"h" + std::to_string(colour) + "\" fill=\"" + kHeat[colour] + "\"";
}

// Where days and hours lie: days go down on wide drawings, and to the right on narrow ones.
struct Grid {
  Grid(const Format& format, std::size_t days)
      : is_narrow(format.is_narrow),
        size(format.font_size),
        left(format.is_narrow ? 3.2 * size : 9.6 * size),
        top(format.is_narrow ? 4.4 * size : 1.8 * size),
        hour_step(format.is_narrow ? 14 : (format.width - left - 2) / kHours),
        day_step(format.is_narrow ? (format.width - left - 2) / static_cast<double>(days)
                                  : (days > 8 ? 17 : 26)) {}

  double height(std::size_t days) const {
    return top + (is_narrow ? kHours * hour_step : static_cast<double>(days) * day_step) + 4;
  }

  bool is_narrow;
  double size;
  double left;
  double top;
  double hour_step;
  double day_step;
};

struct Block {
  double x;
  double y;
  double width;
  double height;

  // Returns the outline for a path, which many blocks share: shorter than an element for each.
  std::string outline() const {
    return "M" + coordinate(x) + " " + coordinate(y) + "h" + coordinate(width) + "v" +
           coordinate(height) + "h" + coordinate(-width) + "z";
  }
};

// Returns a rectangle given along hours and days, whichever of them goes to the right.
Block block(const Grid& grid, double hour, double hours, double day, double days) {
  if (grid.is_narrow)
    return {grid.left + day * grid.day_step, grid.top + hour * grid.hour_step, days * grid.day_step,
            hours * grid.hour_step};
  return {grid.left + hour * grid.hour_step, grid.top + day * grid.day_step, hours * grid.hour_step,
          days * grid.day_step};
}

std::string hover_of(const Context& context, const HeatCell& cell) {
  const std::string value = cell.kw             ? quantity(cell.kw, "kW")
                            : cell.completeness ? "no readings"
                                                : "no readings expected";
  const bool is_partial = cell.kw && cell.completeness && *cell.completeness < 100;
  return context.clock.moment(cell.at) + ": " + value +
         (is_partial ? ", from " + percent(cell.completeness) + " of its readings" : "");
}

// Draws the cells of a colour, or, where there is none, those without readings.
void draw_cells(Drawing& drawing, const Context& context, const Grid& grid,
                const std::vector<DayRow>& rows, const Steps& steps,
                std::optional<std::size_t> step) {
  const double gap = rows.size() > 8 ? 0.05 : 0.04;
  std::string d;
  const bool has_hover = context.limits.hover && !grid.is_narrow && rows.size() <= 8;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::array<std::size_t, kHours> seen{};
    for (const HeatCell& cell : rows[i].cells) {
      const auto hour = static_cast<std::size_t>(cell.hour);
      // An hour that the clock shows twice shares its place.
      const double share = 1.0 / rows[i].real_hours[hour];
      const double at = static_cast<double>(hour) + share * static_cast<double>(seen[hour]++);
      const bool is_wanted =
          step ? cell.kw && steps.step(*cell.kw) == *step : !cell.kw && cell.completeness;
      if (!is_wanted)
        continue;
      const Block place = block(grid, at, share - gap, static_cast<double>(i), 1 - gap);
      if (has_hover)
        drawing.rectangle(place.x, place.y, place.width, place.height, "", hover_of(context, cell));
      else
        d += place.outline();
    }
  }
  drawing.path(d, "");
}

// Hatches the last part of cells whose hour has some readings only.
void draw_partial(Drawing& drawing, const Grid& grid, const std::vector<DayRow>& rows) {
  constexpr double kPart = 0.32;
  std::string d;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const HeatCell& cell : rows[i].cells) {
      if (cell.kw && cell.completeness && *cell.completeness < 100)
        d += block(grid, cell.hour + 1 - kPart - 0.04, kPart, static_cast<double>(i), 0.96)
                 .outline();
    }
  }
  drawing.path(d, "");
}

// Frames business hours, a frame for days in a row.
void draw_business(Drawing& drawing, const Context& context, const Grid& grid,
                   const std::vector<DayRow>& rows) {
  const std::optional<std::pair<double, double>> hours = context.business_hours();
  if (!hours)
    return;
  std::string d;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t first = i;
    while (i < rows.size() && rows[i].is_business_day)
      ++i;
    if (i > first)
      d += block(grid, hours->first - 0.02, hours->second - hours->first,
                 static_cast<double>(first) - 0.02, static_cast<double>(i - first))
               .outline();
  }
  drawing.path(d, stroke(Ink::kAxis, 1.6));
}

// Marks the hour that the clock leaves out, so that it does not look like one with little use.
void draw_skipped(Drawing& drawing, const Grid& grid, const std::vector<DayRow>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int hour = 0; hour < kHours && rows[i].is_short() && !rows[i].cells.empty(); ++hour) {
      if (rows[i].real_hours[static_cast<std::size_t>(hour)] > 0)
        continue;
      const double along = (hour + 0.5) * grid.hour_step;
      const double across = (static_cast<double>(i) + 0.5) * grid.day_step;
      drawing.text(grid.left + (grid.is_narrow ? across : along),
                   grid.top + (grid.is_narrow ? along : across) + 0.33 * grid.size, kNoFigure,
                   Anchor::kMiddle);
    }
  }
}

void draw_labels(Drawing& drawing, const Grid& grid, const std::vector<DayRow>& rows) {
  for (int hour = 0; hour < kHours; hour += grid.is_narrow ? 3 : 2) {
    const std::string label = clock_time(hour * 60);
    if (grid.is_narrow)
      drawing.text(grid.left - 4, grid.top + hour * grid.hour_step + 0.8 * grid.size, label,
                   Anchor::kEnd);
    else
      drawing.text(grid.left + hour * grid.hour_step, grid.top - 0.5 * grid.size, label);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const DayRow& row = rows[i];
    const bool is_odd = row.is_short() || row.is_long();
    const std::string length = std::to_string(row.cells.size()) + "\xC2\xA0h";
    const double middle = (static_cast<double>(i) + 0.5) * grid.day_step;
    if (!grid.is_narrow) {
      drawing.text(grid.left - 6, grid.top + middle + 0.33 * grid.size,
                   short_day(row.day) + (is_odd && !row.cells.empty() ? ", " + length : ""),
                   Anchor::kEnd);
    } else if (rows.size() <= 8) {
      drawing.text(grid.left + middle, 1 * grid.size, weekday_name(row.day), Anchor::kMiddle);
      drawing.text(grid.left + middle, 2.2 * grid.size, day_and_month(row.day), Anchor::kMiddle);
      if (is_odd && !row.cells.empty())
        drawing.text(grid.left + middle, 3.6 * grid.size, length, Anchor::kMiddle, true);
    } else if (iso_weekday(row.day) == 1) {
      drawing.text(grid.left + static_cast<double>(i) * grid.day_step, 2.2 * grid.size,
                   day_and_month(row.day));
    }
  }
}

std::string draw(const Context& context, const std::vector<DayRow>& rows, const Steps& steps,
                 const Format& format, const std::string& description) {
  const Grid grid(format, rows.size());
  Drawing drawing("heat", format, grid.height(rows.size()));
  for (std::size_t step = 0; step < steps.count(); ++step) {
    drawing.open(heat(steps.colour(step)));
    draw_cells(drawing, context, grid, rows, steps, step);
    drawing.close();
  }
  drawing.open(drawing.missing());
  draw_cells(drawing, context, grid, rows, steps, std::nullopt);
  draw_partial(drawing, grid, rows);
  drawing.close();
  draw_business(drawing, context, grid, rows);
  draw_skipped(drawing, grid, rows);
  draw_labels(drawing, grid, rows);
  return drawing.finish("Heat map of the hours", description);
}

std::string table_of(const Context& context, const std::vector<DayRow>& rows) {
  std::vector<Column> columns = {{"Hour from", true}};
  for (const DayRow& row : rows)
    columns.push_back({short_day(row.day)});
  Table table("Heat map: mean power of each hour, kW", columns);
  for (int hour = 0; hour < kHours && context.limits.hourly_rows > 0; ++hour) {
    std::vector<Cell> cells = {clock_time(hour * 60)};
    for (const DayRow& row : rows) {
      std::string shown;
      for (const HeatCell& cell : row.cells) {
        if (cell.hour != hour)
          continue;
        shown += (shown.empty() ? "" : " / ") + (cell.kw             ? rounded(cell.kw)
                                                 : cell.completeness ? "missing"
                                                                     : kNoFigure);
      }
      cells.emplace_back(!shown.empty()      ? shown
                         : row.cells.empty() ? std::string(kNoFigure)
                                             : std::string("no such hour"));
    }
    table.row(cells);
  }
  return table.empty() ? std::string() : folded("Data table: hours and days", table.whole());
}

// Returns the key of the colours as HTML, since their bounds are text.
std::vector<Key> keys_of(const std::vector<DayRow>& rows, const Steps& steps) {
  std::vector<Key> keys;
  bool is_missing = false;
  bool is_partial = false;
  bool is_business = false;
  for (const DayRow& row : rows) {
    is_business = is_business || row.is_business_day;
    for (const HeatCell& cell : row.cells) {
      is_missing = is_missing || (!cell.kw && cell.completeness);
      is_partial = is_partial || (cell.kw && cell.completeness && *cell.completeness < 100);
    }
  }
  for (std::size_t step = 0; step < steps.count(); ++step) {
    const double from = steps.axis.step() * static_cast<double>(step);
    keys.push_back({"h" + std::to_string(steps.colour(step)),
                    steps.axis.label(from) + "\xE2\x80\x93" +
                        steps.axis.label(from + steps.axis.step()) +
                        (step + 1 == steps.count() ? "\xC2\xA0kW" : "")});
  }
  if (is_missing)
    keys.push_back({"gap", "No readings"});
  if (is_partial)
    keys.push_back({"part", "Some readings missing"});
  if (is_business)
    keys.push_back({"frame", "Business hours"});
  return keys;
}

std::string sentence_of(const std::vector<DayRow>& rows) {
  std::string out =
      "Mean power of each hour. A steady colour through the night is what never switches off.";
  for (const DayRow& row : rows) {
    if (row.cells.empty() || (!row.is_short() && !row.is_long()))
      continue;
    out += " On " + short_day(row.day) +
           (row.is_short() ? " the clock goes forward: the day has "
                           : " the clock goes back: the day has ") +
           std::to_string(row.cells.size()) +
           (row.is_short() ? " hours, and the one left out has a dash."
                           : " hours, and the one shown twice is two half cells.");
  }
  return out;
}

}  // namespace

std::string heat_map(const Context& context) {
  const std::vector<DayRow> rows = rows_of(context);
  const bool has_something = std::any_of(rows.begin(), rows.end(), [](const DayRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const HeatCell& cell) { return cell.kw || cell.completeness; });
  });
  if (!has_something)
    return {};
  const Steps steps(rows);
  const std::string sentence = sentence_of(rows);
  const std::string description = "A row a day, a column an hour of the site's clock. " + sentence;
  return figure("When energy is used", sentence, keys_of(rows, steps),
                draw(context, rows, steps, kWide, description),
                draw(context, rows, steps, kNarrow, description), table_of(context, rows));
}

}  // namespace argo::report

// Draws the meters with the most waste after hours as bars, the worst first.
#include <algorithm>

#include "report_charts.h"
#include "report_escape.h"
#include "report_number.h"
#include "report_svg.h"
#include "report_table.h"

namespace argo::report {

namespace {

// How much wider bold letters are, with fonts that are wide to begin with.
constexpr double kBold = 1.2;

struct Bar {
  std::string name;
  double kwh = 0;
  std::string label;
  bool is_main = false;
};

std::vector<Bar> bars_of(const Context& context) {
  std::vector<Bar> bars;
  for (const Json& item : items(context.charts, "afterHoursRanking")) {
    const std::optional<double> kwh = number(item, "excessKwh");
    if (!kwh || *kwh <= 0)
      continue;
    bars.push_back({context.name(item), *kwh,
                    quantity(kwh, "kWh") + ", " + context.cost(item, "cost"),
                    context.is_main(item)});
  }
  return bars;
}

std::string draw(const std::vector<Bar>& bars, const Format& format,
                 const std::string& description) {
  const double size = format.font_size;
  const double row = format.is_narrow ? 3.1 * size : 2.1 * size;
  const double left = format.is_narrow ? 0 : 230;
  double label_room = 0;
  double largest = 0;
  for (const Bar& bar : bars) {
    label_room = std::max(label_room, width_in_ems(bar.label) * kBold * size + 12);
    largest = std::max(largest, bar.kwh);
  }
  const double most = format.is_narrow ? format.width : format.width - left - label_room;
  Drawing drawing("ranking", format, static_cast<double>(bars.size()) * row + 4);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double top = static_cast<double>(i) * row;
    const double length = std::max(most * bar.kwh / largest, 1.0);
    if (format.is_narrow) {
      const double room = (format.width - width_in_ems(bar.label) * kBold * size) / size - 1.5;
      drawing.text(0, top + 1.1 * size, isolated_name(cut_to_ems(bar.name, room)));
      drawing.text(format.width, top + 1.1 * size, bar.label, Anchor::kEnd, true);
      drawing.rectangle(0, top + 1.6 * size, length, 0.8 * size,
                        fill(bar.is_main ? Ink::kUsual : Ink::kWaste));
    } else {
      drawing.text(left - 8, top + 1.35 * size,
                   isolated_name(cut_to_ems(bar.name, left / size - 2)), Anchor::kEnd);
      drawing.rectangle(left, top + 0.35 * size, length, 1.4 * size,
                        fill(bar.is_main ? Ink::kUsual : Ink::kWaste));
      drawing.text(left + length + 6, top + 1.35 * size, bar.label, Anchor::kStart, true);
    }
  }
  return drawing.finish("Waste after hours by meter", description);
}

}  // namespace

std::string after_hours_ranking(const Context& context) {
  const std::vector<Bar> bars = bars_of(context);
  if (bars.empty())
    return {};
  const bool has_main =
      std::any_of(bars.begin(), bars.end(), [](const Bar& bar) { return bar.is_main; });
  std::string sentence =
      "Energy above each meter\xE2\x80\x99s own base load, outside business hours, and what it "
      "cost.";
  if (has_main)
    sentence += " The grey bar is the main meter: it holds the others.";
  const std::string description =
      "Bars from zero, the most first: " + isolated_name(bars.front().name) + " with " +
      bars.front().label + ". " + sentence;
  Table table("Waste after hours by meter", {{"Meter", true}, {"Above base load", true}});
  for (const Bar& bar : bars)
    table.row({html_name(bar.name), bar.label});
  return figure("Where it is wasted after hours", sentence, {}, draw(bars, kWide, description),
                draw(bars, kNarrow, description),
                folded("Data table: waste after hours", table.whole()));
}

}  // namespace argo::report

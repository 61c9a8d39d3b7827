// What several parts of the report's page say in the same words.
#include "report_parts.h"

#include <array>

#include "report_number.h"

namespace argo::report {

namespace {

// Returns a moment of which in a narrow column only the offset goes to a line of its own.
std::string kept_together(std::string moment) {
  const std::string no_break_space = kNoBreakSpace;
  const std::size_t offset = moment.find(no_break_space + "(");
  if (offset != std::string::npos)
    moment.replace(offset, no_break_space.size(), " ");
  const std::size_t comma = moment.find(", ");
  if (comma != std::string::npos)
    moment.replace(comma + 1, 1, no_break_space);
  return moment;
}

}  // namespace

std::string section(const std::string& id, const std::string& heading, const std::string& lead,
                    const std::string& content) {
  return "<section id=\"" + id + "\">\n<h2>" + heading + "</h2>\n" +
         (lead.empty() ? "" : "<p class=\"lead\">" + lead + "</p>\n") + content + "</section>\n";
}

std::string data_behind(const Json& summary) {
  const std::optional<double> share = number(summary, "completenessPercent");
  if (!share)
    return " No readings were expected.";
  return *share == 100 ? " From all expected readings."
                       : " From " + percent(share) + " of the expected readings.";
}

std::string power_at(const Context& context, const Json& item, const char* power, const char* at) {
  const std::optional<double> kw = number(item, power);
  if (!kw)
    return kNoFigure;
  return quantity(kw, "kW") + " <span class=\"soft\">" + kept_together(context.moment(item, at)) +
         "</span>";
}

std::string weekdays(const Json& list) {
  // 1970-01-05 was a Monday.
  constexpr Day kMonday = 4;
  std::string out;
  std::array<bool, 9> open{};
  for (const Json& item : list) {
    const std::optional<double> day = number(item);
    if (day && *day >= 1 && *day <= 7)
      open[static_cast<std::size_t>(*day)] = true;
  }
  for (std::size_t day = 1; day <= 7; ++day) {
    if (!open[day])
      continue;
    std::size_t last = day;
    while (open[last + 1])
      ++last;
    out += (out.empty() ? "" : ", ") + weekday_name(kMonday + static_cast<Day>(day) - 1);
    if (last > day)
      out += (last == day + 1 ? ", " : " to ") + weekday_name(kMonday + static_cast<Day>(last) - 1);
    day = last;
  }
  return out;
}

}  // namespace argo::report

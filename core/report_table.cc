// Writes tables that read well: units in the heads, figures alike within a column, a short start.
#include "report_table.h"

#include <algorithm>
#include <cmath>

#include "report_number.h"

namespace argo::report {

namespace {

// A few rows more than this are shown as well, rather than folded away.
constexpr std::size_t kShown = 10;
constexpr std::size_t kSpared = 3;

std::string cell(const std::string& tag, const std::string& scope, bool is_text,
                 const std::string& content) {
  return "<" + tag + (scope.empty() ? "" : " scope=\"" + scope + "\"") +
         (is_text ? " class=\"t\"" : "") + ">" + content + "</" + tag + ">";
}

}  // namespace

Cell Cell::money(std::optional<double> amount, const std::string& currency) {
  Cell cell(amount);
  cell.currency_ = currency;
  return cell;
}

Cell Cell::whole(std::optional<std::int64_t> number) {
  return number ? grouped(static_cast<double>(*number), 0) : kNoFigure;
}

double Cell::size() const {
  return std::abs(figure_.value_or(0));
}

std::string Cell::shown(double largest) const {
  if (!figure_)
    return markup_.empty() ? kNoFigure : markup_;
  if (currency_)
    return report::money(*figure_, *currency_, largest < 999.995 ? 2 : 0);
  const int decimals = largest < 9.995 ? 2 : largest < 999.95 ? 1 : 0;
  // What is not nothing does not look like it.
  const bool vanishes = *figure_ != 0 && std::abs(*figure_) < 0.5 * std::pow(10, -decimals);
  return vanishes ? rounded(*figure_) : grouped(*figure_, decimals);
}

std::string Table::part(std::size_t from, std::size_t to, bool is_rest) const {
  std::string out = "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"" + caption_ +
                    (is_rest ? ", continued" : "") + "\"><table" +
                    (columns_.size() > 5 ? " class=\"big\"" : "") + "><caption>" + caption_ +
                    (is_rest ? ", continued" : "") + "</caption><thead><tr>";
  for (const Column& column : columns_)
    out += cell("th", "col", column.is_text, column.head);
  out += "</tr></thead><tbody>\n";
  // Of the whole table, so that what is folded away looks like what is not.
  std::vector<double> largest(columns_.size());
  for (const std::vector<Cell>& row : rows_) {
    for (std::size_t j = 0; j < row.size(); ++j)
      largest[j] = std::max(largest[j], row[j].size());
  }
  for (std::size_t i = from; i < to; ++i) {
    out += "<tr>";
    for (std::size_t j = 0; j < rows_[i].size(); ++j)
      out += cell(j == 0 ? "th" : "td", j == 0 ? "row" : "", j > 0 && columns_[j].is_text,
                  rows_[i][j].shown(largest[j]));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string Table::whole() const {
  return part(0, rows_.size(), false);
}

std::string Table::begun(std::size_t omitted) const {
  const std::size_t shown = rows_.size() <= kShown + kSpared ? rows_.size() : kShown;
  std::string out = part(0, shown, false);
  if (shown < rows_.size()) {
    const std::string rest = grouped(static_cast<double>(rows_.size() - shown), 0) + " more";
    out += folded(rest, part(shown, rows_.size(), true)) + "<p class=\"note paper\">" + rest +
           " unfold on a screen.</p>\n";
  }
  if (omitted > 0)
    out += "<p class=\"note\">" + grouped(static_cast<double>(omitted), 0) +
           " more are left out here.</p>\n";
  return out;
}

std::string folded(const std::string& summary, const std::string& content) {
  return "<details><summary>" + summary + "</summary>\n" + content + "</details>\n";
}

}  // namespace argo::report

// Writes tables that read well: units in the heads, figures alike within a column, a short start.
#ifndef ARGO_CORE_REPORT_TABLE_H_
#define ARGO_CORE_REPORT_TABLE_H_

#include "host_free.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace argo::report {

// A head, and whether the column holds words rather than figures.
struct Column {
  std::string head;
  bool is_text = false;
};

// What stands in a row: markup, or a figure that gets as many decimals as its column needs.
class Cell {
 public:
  Cell(std::string markup) : markup_(std::move(markup)) {}  // NOLINT(google-explicit-constructor)
  Cell(const char* markup) : markup_(markup) {}             // NOLINT(google-explicit-constructor)
  Cell(std::optional<double> figure) : figure_(figure) {}   // NOLINT(google-explicit-constructor)

  // Returns a cell with an amount of money, or with a whole number.
  static Cell money(std::optional<double> amount, const std::string& currency);
  static Cell whole(std::optional<std::int64_t> number);

  // Returns the size by which the column's decimals are chosen.
  double size() const;
  std::string shown(double largest) const;

 private:
  std::string markup_;
  std::optional<double> figure_;
  std::optional<std::string> currency_;
};

class Table {
 public:
  // The first column names the rows. Captions, heads and cells are markup already.
  Table(std::string caption, std::vector<Column> columns)
      : caption_(std::move(caption)), columns_(std::move(columns)) {}

  void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  // Returns the whole table.
  std::string whole() const;

  // Returns the first rows, the others folded away below, and a line on what the report left out.
  std::string begun(std::size_t omitted = 0) const;

 private:
  std::string part(std::size_t from, std::size_t to, bool is_rest) const;

  std::string caption_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Returns markup that a click on a summary unfolds.
std::string folded(const std::string& summary, const std::string& content);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_TABLE_H_

// Writes results: tables as psql does for people, JSON for programs.
#include "loader/output.h"

#include "core/text.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace argo::loader {

namespace {

using Json = nlohmann::ordered_json;

// A value as the lines that it is shown in.
using Lines = std::vector<std::string>;

// Cuts a value into lines that a terminal takes for text and nothing else.
Lines lines_of(const std::optional<std::string>& value) {
  Lines lines;
  std::string_view rest = value ? std::string_view(*value) : std::string_view();
  for (;;) {
    const std::size_t end = rest.find('\n');
    lines.push_back(one_line(rest.substr(0, end)));
    if (end == std::string_view::npos)
      return lines;
    rest.remove_prefix(end + 1);
  }
}

std::string repeated(char c, std::size_t count) {
  return std::string(count, c);
}

void trim_right(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

// Everything of a table, as it is shown.
struct Shown {
  std::vector<std::string> names;
  std::vector<std::size_t> widths;
  std::vector<std::vector<Lines>> rows;

  std::size_t width() const {
    std::size_t total = widths.empty() ? 0 : 3 * widths.size() - 1;
    for (const std::size_t width : widths)
      total += width;
    return total;
  }
};

Shown show(const Table& table) {
  Shown shown;
  for (const TableColumn& column : table.columns) {
    shown.names.push_back(lines_of(column.name).front());
    shown.widths.push_back(displayed_width(shown.names.back()));
  }
  for (const auto& row : table.rows) {
    std::vector<Lines> cells;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      cells.push_back(lines_of(row[i]));
      for (const std::string& line : cells.back())
        shown.widths[i] = std::max(shown.widths[i], displayed_width(line));
    }
    shown.rows.push_back(std::move(cells));
  }
  return shown;
}

// Appends a line of a cell: a blank, the text in its column, and "+" where the cell goes on below.
void append_cell(std::string& out, const Lines& lines, std::size_t number, std::size_t width,
                 bool to_the_right) {
  const std::string text = number < lines.size() ? lines[number] : std::string();
  const std::string gap = repeated(' ', width - displayed_width(text));
  out += ' ' + (to_the_right ? gap + text : text + gap) + (number + 1 < lines.size() ? '+' : ' ');
}

std::string count_of(std::size_t rows) {
  return "(" + std::to_string(rows) + (rows == 1 ? " row)\n" : " rows)\n");
}

std::string aligned(const Table& table, const Shown& shown) {
  std::string out;
  std::string rule;
  for (std::size_t i = 0; i < shown.names.size(); ++i) {
    const std::size_t gap = shown.widths[i] - displayed_width(shown.names[i]);
    out += (i == 0 ? " " : "| ") + repeated(' ', gap / 2) + shown.names[i] +
           repeated(' ', gap - gap / 2) + ' ';
    rule += (i == 0 ? "" : "+") + repeated('-', shown.widths[i] + 2);
  }
  trim_right(out);
  out += '\n' + rule + '\n';
  for (const std::vector<Lines>& row : shown.rows) {
    std::size_t height = 1;
    for (const Lines& cell : row)
      height = std::max(height, cell.size());
    for (std::size_t number = 0; number < height; ++number) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += i == 0 ? "" : "|";
        append_cell(line, row[i], number, shown.widths[i],
                    table.columns[i].kind == ValueKind::kNumber);
      }
      trim_right(line);
      out += line + '\n';
    }
  }
  return out + count_of(table.rows.size());
}

std::string expanded(const Shown& shown) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const std::string& name : shown.names)
    name_width = std::max(name_width, displayed_width(name));
  for (const std::vector<Lines>& row : shown.rows)
    for (const Lines& cell : row)
      for (const std::string& line : cell)
        value_width = std::max(value_width, displayed_width(line));
  if (shown.rows.empty())
    return count_of(0);
  std::string out;
  for (std::size_t number = 0; number < shown.rows.size(); ++number) {
    std::string head = "-[ RECORD " + std::to_string(number + 1) + " ]";
    if (head.size() <= name_width + 1)
      head += repeated('-', name_width + 1 - head.size()) + '+';
    out += head + repeated('-', std::max(name_width + value_width + 3, head.size()) - head.size());
    out += '\n';
    for (std::size_t i = 0; i < shown.names.size(); ++i) {
      const Lines& cell = shown.rows[number][i];
      for (std::size_t at = 0; at < cell.size(); ++at) {
        const std::string& name = at == 0 ? shown.names[i] : std::string();
        std::string line = name + repeated(' ', name_width - displayed_width(name)) + " |";
        append_cell(line, cell, at, at + 1 < cell.size() ? value_width : displayed_width(cell[at]),
                    false);
        trim_right(line);
        out += line + '\n';
      }
    }
  }
  return out;
}

Json json_value(const std::string& text, ValueKind kind) {
  if (kind == ValueKind::kBoolean && (text == "t" || text == "f"))
    return text == "t";
  if (kind == ValueKind::kNumber || kind == ValueKind::kJson) {
    Json value = Json::parse(text, nullptr, false);
    // NaN and Infinity are no JSON.
    if (!value.is_discarded() && (kind == ValueKind::kJson || value.is_number()))
      return value;
  }
  return storable(text);
}

Json json_object(const Table& table, std::size_t row) {
  Json object = Json::object();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto& value = table.rows[row][i];
    object[storable(table.columns[i].name)] =
        value ? json_value(*value, table.columns[i].kind) : Json();
  }
  return object;
}

Json error_object(const Error& error) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(storable(text));
  };
  return {{"sqlstate", error.sqlstate()},
          {"message", storable(error.message())},
          {"detail", or_null(error.detail())},
          {"hint", or_null(error.hint())}};
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

ValueKind kind_of_type(unsigned int type_oid) {
  switch (type_oid) {
    case 16:  // boolean
      return ValueKind::kBoolean;
    case 20:    // bigint
    case 21:    // smallint
    case 23:    // integer
    case 26:    // oid
    case 700:   // real
    case 701:   // double precision
    case 1700:  // numeric
      return ValueKind::kNumber;
    case 114:   // json
    case 3802:  // jsonb
      return ValueKind::kJson;
    default:
      return ValueKind::kText;
  }
}

std::size_t displayed_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string shell_word(const std::string& word) {
  constexpr char kPlain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/.,:=+_%-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos)
    return word;
  std::string quoted = "'";
  for (const char c : word)
    quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string one_line(std::string_view text) {
  return printable(text, std::numeric_limits<std::size_t>::max());
}

std::string aligned(const Table& table) {
  return aligned(table, show(table));
}

std::string expanded(const Table& table) {
  return expanded(show(table));
}

std::string fitted(const Table& table, std::size_t width) {
  const Shown shown = show(table);
  return width > 0 && shown.width() > width && !table.rows.empty() ? expanded(shown)
                                                                   : aligned(table, shown);
}

std::string json_rows(const Table& table) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < table.rows.size(); ++row)
    rows.push_back(json_object(table, row));
  return dump(rows);
}

std::string json_row(const Table& table, const Error* error) {
  Json object = table.rows.empty() ? Json::object() : json_object(table, 0);
  if (error != nullptr)
    object["error"] = error_object(*error);
  return dump(object);
}

std::string json_error(const Error& error) {
  return dump(Json{{"error", error_object(error)}});
}

}  // namespace argo::loader

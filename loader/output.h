// Writes results: tables as psql does for people, JSON for programs.
#ifndef ARGO_LOADER_OUTPUT_H_
#define ARGO_LOADER_OUTPUT_H_

#include "core/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace argo::loader {

// How the text of a value is to be taken.
enum class ValueKind : std::uint8_t { kText, kNumber, kBoolean, kJson };

struct TableColumn {
  std::string name;
  ValueKind kind = ValueKind::kText;
};

// A result. Values are as PostgreSQL writes them as text; nothing stands for NULL.
struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// Returns the kind of the values of a PostgreSQL type, by its oid.
ValueKind kind_of_type(unsigned int type_oid);

// Returns how many characters a UTF-8 text takes on a terminal.
std::size_t displayed_width(std::string_view text);

// Quotes a word for a shell, where it needs that.
std::string shell_word(const std::string& word);

// Returns a text as one line that a terminal takes for text and nothing else.
std::string one_line(std::string_view text);

// Returns a table with a line a row.
std::string aligned(const Table& table);

// Returns a table with a line a value.
std::string expanded(const Table& table);

// Returns the table in the form that fits into `width` characters; 0 stands for any width.
std::string fitted(const Table& table, std::size_t width);

// Returns a JSON array of objects, one a row. It is valid UTF-8 whatever the values hold.
std::string json_rows(const Table& table);

// Returns the only row as a JSON object, with the error, if any, under the key "error".
std::string json_row(const Table& table, const Error* error = nullptr);

// Returns {"error": {...}}.
std::string json_error(const Error& error);

}  // namespace argo::loader

#endif  // ARGO_LOADER_OUTPUT_H_

// Runs SQL in the backend for C++: text in, text out, as a client would.
#ifndef ARGO_EXT_SQL_H_
#define ARGO_EXT_SQL_H_

#include <optional>
#include <string>
#include <vector>

#include "pg.h"

namespace argo::pg {

using Text = std::optional<std::string>;  // nothing stands for NULL
using Rows = std::vector<std::vector<Text>>;

// Opens SPI for the function that is running. An error closes it by itself; a function that returns
// calls close_spi().
void open_spi();
void close_spi();

// The same for a procedure that commits.
void open_spi_for_commits();

// Runs one statement whose parameters are all of type text, UTF-8, and returns its rows.
Rows query(const std::string& sql, const std::vector<Text>& parameters = {});

// Runs a statement that gives one row and one column.
Text query_value(const std::string& sql, const std::vector<Text>& parameters = {});

// Returns the quoted name of the schema that holds the function.
std::string schema_of_function(FunctionCallInfo fcinfo);

// Returns a text argument as UTF-8, or nothing where it is NULL.
Text text_argument(FunctionCallInfo fcinfo, int number);

}  // namespace argo::pg

#endif  // ARGO_EXT_SQL_H_

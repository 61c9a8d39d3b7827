// Runs SQL in the backend for C++: text in, text out, as a client would.
#include "sql.h"

#include <cstdint>

#include "boundary.h"

namespace argo::pg {

namespace {

// A result as plain data, in SPI's memory.
struct Cells {
  std::uint64_t rows;
  int columns;
  char** values;  // row by row; null for NULL
  SPITupleTable* table;
};

// Turns the text of a C++ string into a datum in the server's encoding.
Datum to_text_datum(const char* text, int size) {
  char* converted = pg_any_to_server(text, size, PG_UTF8);
  return PointerGetDatum(converted == text ? cstring_to_text_with_len(text, size)
                                           : cstring_to_text(converted));
}

// Copies the result of the statement just run out of its tuples.
Cells read_cells() {
  Cells cells{};
  if (SPI_tuptable == nullptr)
    return cells;
  cells.table = SPI_tuptable;
  cells.rows = SPI_processed;
  cells.columns = SPI_tuptable->tupdesc->natts;
  cells.values = static_cast<char**>(
      palloc0(sizeof(char*) * (cells.rows * static_cast<std::uint64_t>(cells.columns) + 1)));
  for (std::uint64_t row = 0; row < cells.rows; ++row)
    for (int column = 0; column < cells.columns; ++column) {
      char* value = SPI_getvalue(cells.table->vals[row], cells.table->tupdesc, column + 1);
      if (value != nullptr)
        value = pg_server_to_any(value, static_cast<int>(strlen(value)), PG_UTF8);
      cells.values[row * static_cast<std::uint64_t>(cells.columns) +
                   static_cast<std::uint64_t>(column)] = value;
    }
  return cells;
}

}  // namespace

void open_spi() {
  call([] {
    if (SPI_connect() != SPI_OK_CONNECT)
      elog(ERROR, "SPI_connect failed");
  });
}

void open_spi_for_commits() {
  call([] {
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
      elog(ERROR, "SPI_connect_ext failed");
  });
}

void close_spi() {
  call([] {
    if (SPI_finish() != SPI_OK_FINISH)
      elog(ERROR, "SPI_finish failed");
  });
}

Rows query(const std::string& sql, const std::vector<Text>& parameters) {
  struct Parameter {
    const char* text;
    int size;
  };
  std::vector<Parameter> plain;
  plain.reserve(parameters.size());
  for (const Text& parameter : parameters)
    plain.push_back(parameter ? Parameter{parameter->data(), static_cast<int>(parameter->size())}
                              : Parameter{nullptr, 0});
  const int count = static_cast<int>(plain.size());
  const Cells cells = call([&] {
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * (count + 1)));
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * (count + 1)));
    auto* nulls = static_cast<char*>(palloc(count + 1));
    for (int i = 0; i < count; ++i) {
      types[i] = TEXTOID;
      nulls[i] = plain[i].text == nullptr ? 'n' : ' ';
      if (plain[i].text != nullptr)
        values[i] = to_text_datum(plain[i].text, plain[i].size);
    }
    const char* text = pg_any_to_server(sql.c_str(), static_cast<int>(sql.size()), PG_UTF8);
    const int code = SPI_execute_with_args(text, count, types, values, nulls, false, 0);
    if (code < 0)
      elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(code));
    return read_cells();
  });
  Rows rows(cells.rows);
  for (std::uint64_t row = 0; row < cells.rows; ++row)
    for (int column = 0; column < cells.columns; ++column) {
      const char* value = cells.values[row * static_cast<std::uint64_t>(cells.columns) +
                                       static_cast<std::uint64_t>(column)];
      rows[row].push_back(value == nullptr ? Text() : Text(value));
    }
  call([&] { SPI_freetuptable(cells.table); });
  return rows;
}

Text query_value(const std::string& sql, const std::vector<Text>& parameters) {
  Rows rows = query(sql, parameters);
  return rows.empty() || rows[0].empty() ? Text() : std::move(rows[0][0]);
}

std::string schema_of_function(FunctionCallInfo fcinfo) {
  return call([=]() -> const char* {
    const char* name =
        quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
    return pg_server_to_any(name, static_cast<int>(strlen(name)), PG_UTF8);
  });
}

Text text_argument(FunctionCallInfo fcinfo, int number) {
  if (PG_ARGISNULL(number))
    return std::nullopt;
  return call([=]() -> const char* {
    const char* argument = text_to_cstring(PG_GETARG_TEXT_PP(number));
    return pg_server_to_any(argument, static_cast<int>(strlen(argument)), PG_UTF8);
  });
}

}  // namespace argo::pg

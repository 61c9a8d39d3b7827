// Writes the rows of a view as CSV, for programs that read no database.
#include "loader/export.h"

#include "core/text.h"
#include "loader/context.h"
#include "loader/database.h"
#include "loader/instant.h"
#include "loader/output.h"
#include "loader/output_file.h"

#include <unistd.h>

#include <array>
#include <string_view>
#include <vector>

namespace argo::loader {

namespace {

constexpr std::array<ExportView, 6> kViews = {{{"v_readings_enriched", "timestamp", false},
                                               {"v_readings_all", "timestamp", false},
                                               {"v_readings_hourly", "hour", false},
                                               {"v_readings_daily", "reading_date", true},
                                               {"v_readings_monthly", "reading_month", true},
                                               {"v_latest_readings", "timestamp", false}}};
constexpr unsigned int kTimestamptzOid = 1184;

// Returns a column of the export. Programs take a time with an offset for a text, or drop the
// offset, so an instant becomes two columns: on the clock of UTC, and on that of the site.
std::string column_of(const std::string& name, unsigned int type) {
  std::string column = "v." + quote_identifier(name);
  if (type != kTimestamptzOid)
    return column;
  return "(" + column + " AT TIME ZONE 'UTC') AS " + quote_identifier(name + "_utc") + ", (" +
         column + " AT TIME ZONE coalesce(z.timezone, 'America/New_York')) AS " +
         quote_identifier(name + "_local");
}

std::string columns_of(const Rows& rows) {
  std::string list;
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    list += (list.empty() ? "" : ", ") + column_of(rows.columns[i], rows.types[i]);
  return list;
}

// Returns an end of the period as a literal: the day as it was written, or an instant.
std::string bound_of(Connection& connection, const std::string& schema, const CommandLine& line,
                     const ExportView& view, const std::string& text, UnixTime instant) {
  if (view.is_of_days)
    return "DATE '" + text.substr(0, kDateBytes) + "'";
  if (line.site.empty() || text.size() > kDateBytes)
    return "TIMESTAMPTZ '" + format_utc(instant) + "'";
  const Rows midnight =
      connection.query("SELECT " + schema + "._argo_midnight($1::date, z.timezone) FROM " + schema +
                           "._argo_zones AS z WHERE z.organization_id = $2",
                       {text, line.site});
  return "TIMESTAMPTZ '" + midnight.rows.at(0).at(0).value() + "'";
}

// Throws Failure where a site was never stored, of which nobody would notice an empty file.
void require_site(Connection& connection, const std::string& schema, const std::string& site) {
  const std::string sql = "SELECT FROM " + schema + "._argo_zones WHERE organization_id = $1";
  if (connection.query(sql, {site}).affected == 0)
    throw Failure(ExitCode::kUsage, sqlstate::kInvalidParameter, "unknown site \"" + site + "\"",
                  "It was never ingested. Nothing was exported.",
                  "argo-loader status lists the sites that are stored");
}

// Returns the COPY of what the command line asks for.
std::string statement_of(Connection& connection, const std::string& schema,
                         const CommandLine& line) {
  const ExportView& view = *find_export_view(line.view);
  if (!line.site.empty())
    require_site(connection, schema, line.site);
  const std::string name = schema + "." + view.name;
  const std::string time = "v." + quote_identifier(view.time_column);
  const std::string columns = columns_of(connection.query("SELECT * FROM " + name + " LIMIT 0"));
  const auto bound = [&](const std::string& text, UnixTime instant) {
    return bound_of(connection, schema, line, view, text, instant);
  };
  // An id of the command line is of letters, digits, "-" and "_".
  return "COPY (SELECT " + columns + " FROM " + name + " AS v LEFT JOIN " + schema +
         "._argo_zones AS z ON z.organization_id = v.site_id WHERE " + time +
         " >= " + bound(line.from_text, line.from.value()) + " AND " + time + " < " +
         bound(line.to_text, line.to.value()) +
         (line.site.empty() ? "" : " AND v.site_id = '" + line.site + "'") +
         " ORDER BY v.meter_id, " + time + ") TO STDOUT (FORMAT csv, HEADER)";
}

}  // namespace

const ExportView* find_export_view(const std::string& name) {
  for (const ExportView& view : kViews)
    if (name == view.name)
      return &view;
  return nullptr;
}

std::string export_views_in_words() {
  std::string words;
  for (const ExportView& view : kViews)
    words += (words.empty()             ? ""
              : &view == &kViews.back() ? " or "
                                        : ", ") +
             std::string(view.name);
  return words;
}

ExitCode run_export(const Context& context) {
  const CommandLine& line = context.line;
  OutputFile file(line.out_file);
  Database database(context);
  const std::string schema = database.begin();
  Connection& connection = database.connection();
  const std::string statement = statement_of(connection, schema, line);
  const std::int64_t lines =
      connection.copy_out(statement, [&](std::string_view row) { return file.write(row); });
  // Where the reader has gone, the connection is closed.
  if (connection.is_open())
    connection.query("COMMIT");
  file.commit();
  if (file.is_stdout())
    return ExitCode::kComplete;
  Table table;
  for (const char* name : {"view", "file"})
    table.columns.push_back({name});
  for (const char* name : {"rows", "bytes"})
    table.columns.push_back({name, ValueKind::kNumber});
  table.rows.push_back(
      {line.view, line.out_file, std::to_string(lines), std::to_string(file.bytes())});
  write_result(STDOUT_FILENO,
               line.is_json ? json_rows(table) : fitted(table, terminal_width(STDOUT_FILENO)));
  return ExitCode::kComplete;
}

}  // namespace argo::loader

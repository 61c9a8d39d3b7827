// The weekly report of a site, as JSON, web page and PDF.
#include "loader/report.h"

#include "core/report_html.h"
#include "core/text.h"
#include "loader/database.h"
#include "loader/output.h"
#include "loader/output_file.h"
#include "loader/pdf.h"
#include "loader/run.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace argo::loader {

namespace {

constexpr char kBreakerOpen[] = "ZA005";
// As the job of argo_schedule() has it: the daily sync may have run before the week was over.
constexpr int kSyncDays = 2;

Text text_or_null(const std::string& text) {
  return text.empty() ? Text() : Text(text);
}

Text as_of_parameter(const CommandLine& line) {
  return line.as_of ? Text(format_utc(*line.as_of)) : Text();
}

// The files that were asked for, and the program that one of them takes; made before anything is
// connected to.
struct Files {
  explicit Files(const CommandLine& line) {
    if (!line.pdf_file.empty())
      pdf_program = find_pdf_program();
    if (!line.out_file.empty())
      json.emplace(line.out_file);
    if (!line.html_file.empty())
      html.emplace(line.html_file);
    if (!line.pdf_file.empty())
      pdf.emplace(line.pdf_file);
  }

  bool is_any() const { return json || html || pdf; }
  bool has_stdout() const {
    const auto is_stdout = [](const std::optional<OutputFile>& file) {
      return file && file->is_stdout();
    };
    return is_stdout(json) || is_stdout(html) || is_stdout(pdf);
  }

  std::optional<OutputFile> json, html, pdf;
  std::string pdf_program;
};

// Says whether the report of the last week should be there by now, and is not.
bool is_due(Database& database, const CommandLine& line) {
  const std::vector<Table> results = database.run(
      {{"SELECT @schema@._argo_check_validation($1, coalesce($2::timestamptz, CURRENT_TIMESTAMP))",
        {line.site, as_of_parameter(line)}},
       {"SELECT d.first_day FROM @schema@._argo_report_is_due($1, $2, "
        "coalesce($3::timestamptz, CURRENT_TIMESTAMP)) AS d",
        {line.site, line.report_at, as_of_parameter(line)}}});
  return results.at(1).rows.at(0).at(0).has_value();
}

// Brings in the site's last days; a report of what is there is better than none.
void bring_in(const Context& context) {
  const CommandLine& line = context.line;
  try {
    RunOptions options;
    options.url = context.environment.database_url();
    options.schema = line.schema;
    options.settings = api_settings(context.environment, line.api_options);
    options.request = line.request;
    options.request.plan.days = kSyncDays;
    options.as_of = line.as_of;
    options.refresh_after = false;
    run_ingest_command(options, context.terminal);
  } catch (const Error& error) {
    context.terminal.warning("site " + line.site + " could not be synced before its report",
                             error.message() + ". The report is of what is there.",
                             "argo-loader sync --site " + line.site + " --days 2");
  }
  context.terminal.end_progress();
}

// Returns the report, without storing it.
Table ask(Database& database, const CommandLine& line) {
  return database.select(
      "SELECT @schema@.argo_weekly_report($1, $2::date, $3::date, "
      "coalesce($4::timestamptz, CURRENT_TIMESTAMP), $5) AS report",
      {line.site, text_or_null(line.first_day), text_or_null(line.end_day), as_of_parameter(line),
       text_or_null(line.time_zone)});
}

// Stores the report; returns its row, or none where another session was faster.
Table publish(Database& database, const CommandLine& line) {
  return database
      .run({{"CALL @schema@.argo_publish_report($1, $2::date, $3::date, "
             "coalesce($4::timestamptz, CURRENT_TIMESTAMP), $5, $6)",
             {line.site, text_or_null(line.first_day), text_or_null(line.end_day),
              as_of_parameter(line), text_or_null(line.time_zone), text_or_null(line.report_at)}},
            // The row that this transaction wrote, whichever period that is.
            {"SELECT w.report, w.site_id, w.period_start, w.period_end, w.generated_at, "
             "w.gate_state, w.report #>> '{summary,headline}' AS headline "
             "FROM @schema@.weekly_reports AS w "
             "WHERE w.site_id = $1 AND w.xmin = pg_current_xact_id()::xid",
             {line.site}}})
      .at(1);
}

// Says of which week there is a report, and how old it is.
std::string last_good_report(Database& database, const CommandLine& line) {
  const Table said = database.select(
      "SELECT format('The last good report, of %s, was made %s before: v_last_reports has it.', "
      "@schema@._argo_days_in_words(w.period_start, w.period_end - 1), "
      "@schema@._argo_age_in_words(coalesce($2::timestamptz, CURRENT_TIMESTAMP) - w.generated_at)) "
      "FROM @schema@.weekly_reports AS w WHERE w.site_id = $1 "
      "ORDER BY w.period_end DESC, w.period_start DESC LIMIT 1",
      {line.site, as_of_parameter(line)});
  return said.rows.empty() ? "There is no earlier report." : said.rows[0][0].value();
}

// Returns a text that ends with a full stop.
std::string sentence(std::string text) {
  text.erase(text.find_last_not_of(". ") + 1);
  return text + ".";
}

// Asks for the report. Where the breaker is open, the error says what there is instead.
Table report_table(Database& database, const Context& context) {
  const CommandLine& line = context.line;
  try {
    return line.is_published ? publish(database, line) : ask(database, line);
  } catch (const DatabaseError& error) {
    if (error.sqlstate() != kBreakerOpen || line.is_published)
      throw;
    std::string detail = sentence(error.detail()) + " Nothing was written.";
    try {
      detail += " " + last_good_report(database, line);
    } catch (const DatabaseError&) {
      // A role that may read no stored reports is told of the breaker all the same.
      context.terminal.debug("weekly_reports cannot be read");
    }
    throw DatabaseError(false, kBreakerOpen, error.message(), detail, error.hint());
  }
}

// Warns of figures that may be wrong, and says what the report says first.
void say(const Context& context, const std::string& report) {
  const nlohmann::json json = nlohmann::json::parse(report);
  const nlohmann::json& gate = json.at("metadata").at("gate");
  if (gate.at("state") != "closed")
    context.terminal.warning(
        "the circuit breaker of site " + context.line.site + " is " +
            gate.at("state").get<std::string>(),
        gate.at("banner").is_string() ? gate.at("banner").get<std::string>() : std::string(),
        "in psql: SELECT * FROM argo_findings('" + context.line.site + "');");
  context.terminal.notice(json.at("summary").at("headline").get<std::string>());
}

// Writes all files, and puts them in their places when all are written.
Table write_files(Files& files, const std::string& report) {
  Table table{{{"part"}, {"file"}, {"bytes", ValueKind::kNumber}}, {}};
  const std::string html = files.html || files.pdf ? report_html(report) : std::string();
  if (files.pdf)
    files.pdf->write(pdf_of(files.pdf_program, html, files.pdf->directory()));
  if (files.html)
    files.html->write(html);
  if (files.json)
    files.json->write(report + "\n");
  const auto put = [&](const char* part, std::optional<OutputFile>& file) {
    if (!file)
      return;
    file->commit();
    table.rows.push_back({part, file->path(), std::to_string(file->bytes())});
  };
  put("JSON", files.json);
  put("HTML", files.html);
  put("PDF", files.pdf);
  return table;
}

// Writes the files of a report; where that fails, the error says that the report is stored.
Table write_files(Files& files, const std::string& report, const CommandLine& line) {
  try {
    return write_files(files, report);
  } catch (const Failure& error) {
    if (!line.is_published)
      throw;
    throw Failure(error.exit_code(), error.sqlstate().c_str(), error.message(),
                  sentence(error.detail()) + " The report itself is stored in weekly_reports.",
                  line.report_at.empty() ? error.hint()
                                         : error.hint() + "; without --report-at, which does " +
                                               "nothing more this week");
  }
}

// Takes the report out of a row, so that the rest can be shown.
std::string take_report(Table& table) {
  std::string report = table.rows.at(0).at(0).value();
  table.columns.erase(table.columns.begin());
  table.rows[0].erase(table.rows[0].begin());
  return report;
}

}  // namespace

ExitCode run_report(const Context& context) {
  const CommandLine& line = context.line;
  Files files(line);
  Database database(context);
  const auto has_it_already = [&] {
    context.terminal.notice("the last week's report is there, or not due yet");
    return ExitCode::kComplete;
  };
  if (!line.report_at.empty()) {
    if (!is_due(database, line))
      return has_it_already();
    bring_in(context);
  }
  Table table = report_table(database, context);
  if (table.rows.empty())
    return has_it_already();
  const std::string report = take_report(table);
  say(context, report);
  if (files.is_any())
    table = write_files(files, report, line);
  else if (!line.is_published) {
    write_result(STDOUT_FILENO, report + "\n");
    return ExitCode::kComplete;
  }
  if (files.has_stdout())
    return ExitCode::kComplete;
  write_result(STDOUT_FILENO,
               line.is_json ? json_rows(table) : fitted(table, terminal_width(STDOUT_FILENO)));
  return ExitCode::kComplete;
}

}  // namespace argo::loader

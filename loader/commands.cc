// The commands that bring readings in or ask the database: each a call or two, and its result on
// stdout.
#include "loader/commands.h"

#include "core/text.h"
#include "loader/database.h"
#include "loader/doctor.h"
#include "loader/export.h"
#include "loader/report.h"
#include "loader/run.h"
#include "loader/schedule.h"
#include "loader/setup.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace argo::loader {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// A time as PostgreSQL writes it in UTC.
std::string sql_time(UnixTime time) {
  const std::string text = format_utc(time);
  return text.substr(0, 10) + " " + text.substr(11, 8) + "+00";
}

Text time_parameter(std::optional<UnixTime> time) {
  return time ? Text(format_utc(*time)) : Text();
}

Text text_parameter(const std::string& text) {
  return text.empty() ? Text() : Text(text);
}

// Returns a number with as few digits as tell it from all others.
std::string shortest(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

void print_rows(const Context& context, const Table& table) {
  write_result(STDOUT_FILENO, context.line.is_json ? json_rows(table)
                                                   : fitted(table, terminal_width(STDOUT_FILENO)));
}

RunOptions run_options(const Context& context) {
  const CommandLine& line = context.line;
  RunOptions options;
  options.url = context.environment.database_url();
  options.schema = line.schema;
  options.settings = api_settings(context.environment, line.api_options);
  options.request = line.request;
  options.on_conflict = line.on_conflict;
  options.as_of = line.as_of;
  options.refresh_after = line.refresh_after;
  return options;
}

ExitCode exit_code_of_status(const IngestResult& result) {
  const std::string status = result.status();
  if (status == "partial")
    return ExitCode::kPartial;
  return status == "failed" ? ExitCode::kApiUnavailable : ExitCode::kComplete;
}

ExitCode run_ingest(const Context& context) {
  const auto start = Clock::now();
  const RunOptions options = run_options(context);
  IngestResult result;
  try {
    result = run_ingest_command(options, context.terminal);
  } catch (const Error& error) {
    throw with_variables(error);
  }
  context.terminal.end_progress();
  const Table table = ingest_table(result, milliseconds_since(start));
  write_result(STDOUT_FILENO, context.line.is_json ? json_row(table) : expanded(table));
  return exit_code_of_status(result);
}

// The row of the ingest, if it came to one, and what all stages did.
Table sync_table(const SyncResult& sync, const std::string& site, double duration_ms) {
  Table table;
  if (sync.ingest) {
    table = ingest_table(*sync.ingest, duration_ms);
  } else {
    table.columns.push_back({"site"});
    table.rows.push_back({site});
  }
  table.columns.push_back({"summary"});
  table.rows[0].emplace_back(sync.summary);
  return table;
}

ExitCode run_sync(const Context& context) {
  const auto start = Clock::now();
  const SyncResult sync = run_sync_command(run_options(context), context.terminal);
  context.terminal.end_progress();
  const Table table = sync_table(sync, context.line.site, milliseconds_since(start));
  if (!sync.error) {
    write_result(STDOUT_FILENO, context.line.is_json ? json_row(table) : expanded(table));
    return exit_code_of_status(*sync.ingest);
  }
  const Failure error = with_variables(*sync.error);
  write_result(STDOUT_FILENO, context.line.is_json ? json_row(table, &error) : expanded(table));
  context.terminal.error(error);
  return error.exit_code();
}

ExitCode run_refresh(const Context& context) {
  const CommandLine& line = context.line;
  Database database(context);
  print_rows(context,
             database.select("SELECT * FROM @schema@.argo_refresh($1, $2::integer, $3::text[])",
                             {line.strategy, std::to_string(line.refresh_days),
                              line.views.empty() ? Text() : Text(array_of(line.views))}));
  return ExitCode::kComplete;
}

ExitCode run_validate(const Context& context) {
  const CommandLine& line = context.line;
  Database database(context);
  print_rows(
      context,
      database.select(
          "SELECT * FROM @schema@.argo_validate($1, $2::timestamptz, $3::timestamptz)",
          {text_parameter(line.site), time_parameter(line.since), time_parameter(line.as_of)}));
  return ExitCode::kComplete;
}

ExitCode run_status(const Context& context) {
  Database database(context);
  const Table table = database.select("SELECT * FROM @schema@.v_site_status ORDER BY site_id");
  print_rows(context, table);
  if (table.rows.empty())
    context.terminal.notice("no site was ingested yet: argo-loader ingest --site 23271 --days 7");
  return ExitCode::kComplete;
}

ExitCode run_gaps(const Context& context) {
  const CommandLine& line = context.line;
  Database database(context);
  Table table =
      database.select("SELECT * FROM @schema@.argo_gaps($1, $2::timestamptz, $3::timestamptz)",
                      {line.site, time_parameter(line.from), time_parameter(line.to)});
  print_rows(context, table);
  return ExitCode::kComplete;
}

}  // namespace

Table ingest_table(const IngestResult& result, double duration_ms) {
  Table table;
  table.rows.emplace_back();
  const auto add = [&](const char* name, std::string value, ValueKind kind) {
    table.columns.push_back({name, kind});
    table.rows[0].emplace_back(std::move(value));
  };
  const auto add_number = [&](const char* name, std::int64_t value) {
    add(name, std::to_string(value), ValueKind::kNumber);
  };
  const TimeRange& range = result.plan.range;
  add("site", result.site.organization.id, ValueKind::kText);
  add("range", "[\"" + sql_time(range.from) + "\",\"" + sql_time(range.to) + "\")",
      ValueKind::kText);
  add_number("channels", static_cast<std::int64_t>(result.site.channels.size()));
  add_number("requests", result.requests);
  add_number("expected", result.is_dry_run ? result.asked : result.plan.expected);
  add_number("fetched", result.fetched);
  add_number("inserted", result.inserted);
  add_number("duplicates", result.duplicates);
  add_number("rejected", result.rejected);
  add_number("missing", result.missing);
  add_number("failed_pulls", result.failed_pulls);
  add("status", result.status(), ValueKind::kText);
  add("duration_ms", shortest(result.is_dry_run ? result.estimated_ms : duration_ms),
      ValueKind::kNumber);
  add_number("pulls", result.pulls);
  add_number("differing", result.differing);
  add_number("corrected", result.corrected);
  add("reject_reasons", nlohmann::json(result.reject_reasons).dump(), ValueKind::kJson);
  return table;
}

ExitCode run_command(const Context& context) {
  switch (context.line.command) {
    case Command::kSetup:
      return run_setup(context);
    case Command::kIngest:
    case Command::kBackfill:
      return run_ingest(context);
    case Command::kSync:
      return run_sync(context);
    case Command::kRefresh:
      return run_refresh(context);
    case Command::kValidate:
      return run_validate(context);
    case Command::kDoctor:
      return run_doctor(context);
    case Command::kStatus:
      return run_status(context);
    case Command::kGaps:
      return run_gaps(context);
    case Command::kReport:
      return run_report(context);
    case Command::kExport:
      return run_export(context);
    case Command::kSchedule:
      return run_schedule(context);
  }
  return ExitCode::kInternal;
}

}  // namespace argo::loader

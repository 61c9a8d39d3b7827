// The command line: commands, their options, and what they must be before anything is connected to.
#include "loader/options.h"

#include "core/error.h"
#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/export.h"
#include "loader/instant.h"
#include "loader/option_values.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

namespace argo::loader {

namespace {

constexpr int kMaxRefreshDays = 36600;

constexpr char kFooter[] = R"(
Environment, or lines of .env (the environment wins; VITE_ENISCOPE_... are read too):
  DATABASE_URL           postgresql://user:password@host/database
  ENISCOPE_API_URL       default https://core.eniscope.com
  ENISCOPE_API_KEY, ENISCOPE_EMAIL, ENISCOPE_PASSWORD or ENISCOPE_PASSWORD_MD5

Exit status: 0 complete, 1 internal error, 2 usage, 3 configuration or credentials, 4 refused by the
API, 5 API unavailable, 6 database unreachable, 7 database error, 8 partial, 9 breaker open, 10 another
run active, 129, 130 and 143 interrupted.

First steps: argo-loader setup; argo-loader ingest --site 23271 --days 7; argo-loader status)";

[[noreturn]] void fail(const std::string& message, const std::string& detail,
                       const std::string& hint) {
  throw Failure(ExitCode::kUsage, sqlstate::kInvalidParameter, message, detail, hint);
}

// The program's options and commands; CLI11 holds references to it.
class Parser {
 public:
  Parser()
      : app_(
            "Argo for hosts where its extension cannot be installed: brings Eniscope readings "
            "into the PostgreSQL database of DATABASE_URL.",
            "argo-loader") {
    app_.fallthrough();
    app_.footer(kFooter);
    app_.set_version_flag("--version", "argo-loader " ARGO_VERSION);
    app_.require_subcommand(1);
    add_global_options();
    add_ingest_commands();
    add_view_commands();
    add_help_commands();
    add_delivering_commands();
    add_schedule_command();
  }

  // Returns false where help or the version was asked for and printed.
  bool parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        app_.exit(error);
        return false;
      }
      explain(error);
    }
    return true;
  }

  CommandLine& line() { return line_; }
  const Given& given() const { return given_; }
  const std::vector<std::string>& api_options() const { return api_options_; }
  std::string hint() const { return "argo-loader " + command_name() + "--help"; }

 private:
  CLI::App* add_command(Command command, const char* name, const char* description) {
    CLI::App* sub = app_.add_subcommand(name, description);
    sub->footer("All commands take the options of argo-loader --help as well.");
    sub->callback([this, command] { line_.command = command; });
    return sub;
  }

  CLI::Option* add_value(CLI::App* app, const std::string& name, const char* type,
                         const char* description) {
    return app
        ->add_option_function<std::string>(
            "--" + name, [this, name](const std::string& value) { given_[name] = value; },
            description)
        ->type_name(type);
  }

  void add_site(CLI::App* app, bool is_required) {
    add_value(app, "site", "ID", is_required ? "Organization id" : "Organization id (default: all)")
        ->required(is_required);
  }

  void add_as_of(CLI::App* app) {
    add_value(app, "as-of", "TIME", "Act as if it were then (default: now)");
  }

  void add_global_options() {
    add_value(&app_, "schema", "NAME", "Schema of Argo (default: where it is found, else public)");
    add_value(&app_, "env-file", "FILE", "File with the variables below (default: .env)");
    app_.add_flag("--json", line_.is_json, "Result as JSON on stdout");
    CLI::Option* quiet = app_.add_flag_callback(
        "--quiet", [this] { line_.verbosity = Verbosity::kQuiet; }, "Warnings and errors only");
    app_.add_flag_callback(
            "--verbose", [this] { line_.verbosity = Verbosity::kVerbose; }, "More than notices")
        ->excludes(quiet);
  }

  // The options of a server in SQL, by the same names.
  void add_api_options(CLI::App* app) {
    const auto add = [&](const char* name, const char* type, const char* description) {
      add_value(app, name, type, description)->group("API");
      api_options_.emplace_back(name);
    };
    add("ca-file", "FILE", "Certificate authorities that may vouch for the API");
    add("max-concurrency", "N", "Requests at once, 1 to 32 (default 6)");
    add("requests-per-second", "N", "0 to 1000; 0: no limit (default)");
    add("connect-timeout-ms", "MS", "To connect (default 10000)");
    add("timeout-ms", "MS", "Of one request (default 60000)");
    add("run-timeout-ms", "MS", "Of a run (default 21600000)");
    add("max-power-kw", "KW", "Beyond which a reading is rejected (default 5000)");
    add("min-voltage-v", "V", "Below which one is rejected (default 50)");
    add("max-voltage-v", "V", "Beyond which one is rejected (default 600)");
  }

  void add_ingest_commands() {
    CLI::App* setup =
        add_command(Command::kSetup, "setup", "Make or upgrade functions, tables and views");
    CLI::Option* dry_run =
        setup->add_flag("--dry-run", line_.is_dry_run, "Say what would be made; change nothing");
    CLI::Option* print =
        setup->add_flag("--print", line_.only_prints, "Write the SQL on stdout; connect nowhere")
            ->excludes(dry_run);
    setup
        ->add_flag("--remove-functions", line_.removes_functions,
                   "Drop the functions, not the data: before CREATE EXTENSION argo")
        ->excludes(dry_run)
        ->excludes(print);
    add_value(setup, "migrate-timestamps", "ZONE",
              "First give times without zone, of an older system, the zone whose clock they show")
        ->excludes(print);

    CLI::App* ingest = add_command(Command::kIngest, "ingest", "Bring a site up to date");
    add_site(ingest, true);
    add_value(ingest, "days", "N", "Days back, 1 to 3660 (default 7)");
    ingest->add_flag("--dry-run", line_.is_dry_run, "Ask for no reading; say what it would take");
    add_value(ingest, "lookback-days", "N",
              "Days asked for again even where all is stored (default 3)");
    add_value(ingest, "max-catch-up-days", "N", "Days back at most after an outage (default 90)");
    add_storing(ingest);

    CLI::App* backfill = add_command(Command::kBackfill, "backfill", "Fetch a stretch of history");
    add_site(backfill, true);
    add_value(backfill, "start-date", "DATE", "First day, at the site: YYYY-MM-DD")->required();
    add_value(backfill, "end-date", "DATE", "Last day, included (default: up to now)");
    add_value(backfill, "window-days", "N", "Days of one request, 1 to 7 (default 1)");
    add_storing(backfill);

    CLI::App* sync =
        add_command(Command::kSync, "sync", "Ingest, refresh and validate: for schedules");
    add_site(sync, true);
    add_value(sync, "days", "N", "Days back, 1 to 3660 (default 7)");
    add_as_of(sync);
    add_api_options(sync);
  }

  void add_storing(CLI::App* app) {
    app->add_flag_callback(
        "--no-refresh", [this] { line_.refresh_after = false; }, "Leave the materialized views");
    add_value(app, "on-conflict", "nothing|update",
              "For a stored reading that the API now gives another value (default nothing)");
    add_as_of(app);
    add_api_options(app);
  }

  void add_view_commands() {
    CLI::App* refresh = add_command(Command::kRefresh, "refresh", "Refresh the materialized views");
    std::vector<CLI::Option*> strategies;
    for (const char* strategy : {"smart", "incremental", "full"}) {
      strategies.push_back(refresh->add_flag_callback(
          std::string("--") + strategy, [this, strategy] { line_.strategy = strategy; },
          std::string(strategy) == "smart"         ? "What changed, or all where most did (default)"
          : std::string(strategy) == "incremental" ? "What changed, and the last days"
                                                   : "All"));
      for (std::size_t i = 0; i + 1 < strategies.size(); ++i)
        strategies.back()->excludes(strategies[i]);
    }
    add_value(refresh, "days", "N", "Days that incremental looks at anyway (default 2)");
    add_value(refresh, "views", "A,B", "Views (default: all)");

    CLI::App* validate = add_command(Command::kValidate, "validate", "Judge the data by the rules");
    add_site(validate, false);
    add_value(validate, "since", "TIME", "Judge all days from then on anew");
    add_as_of(validate);
  }

  void add_help_commands() {
    CLI::App* doctor = add_command(Command::kDoctor, "doctor",
                                   "Say what is wrong, and what to type (exit 0, or 3 "
                                   "configuration or credentials, 6 database "
                                   "unreachable, 7 anything else that fails)");
    add_site(doctor, false);
    add_api_options(doctor);
    add_command(Command::kStatus, "status", "How each site is, a row each");
    CLI::App* gaps = add_command(Command::kGaps, "gaps", "Where readings are missing, and why");
    add_site(gaps, true);
    add_value(gaps, "from", "TIME", "Included (default: 30 days ago)");
    add_value(gaps, "to", "TIME", "Excluded (default: now)");
  }

  void add_delivering_commands() {
    CLI::App* report = add_command(Command::kReport, "report",
                                   "The weekly report of a site: JSON on stdout, or files (exit 9: "
                                   "the breaker is open)");
    add_site(report, true);
    CLI::Option* start =
        add_value(report, "start", "DATE", "First day, at the site (default: of the last week)");
    CLI::Option* end =
        add_value(report, "end", "DATE", "First day not included (default: a week later)");
    CLI::Option* zone =
        add_value(report, "timezone", "ZONE", "Whose days and hours count (default: the site's)");
    add_value(report, "generated-at", "TIME", "Act as if it were then (default: now)");
    add_value(report, "out", "FILE", "JSON there");
    add_value(report, "html", "FILE", "Web page there");
    add_value(report, "pdf", "FILE", "PDF there, by chromium or weasyprint");
    report->add_flag("--publish", line_.is_published, "Store it in weekly_reports");
    add_value(report, "report-at", "TIME",
              "Such as 'Mon 06:00', at the site: sync and publish the last week's report once that "
              "time has come, unless it is there")
        ->excludes(start)
        ->excludes(end)
        ->excludes(zone);

    CLI::App* csv = add_command(Command::kExport, "export",
                                "A view's rows of a period as CSV, for Tableau, Excel and others");
    add_value(csv, "view", "NAME", export_views_in_words().c_str())->required();
    add_value(csv, "from", "TIME",
              "Included; a date is midnight at the site, or UTC without --site")
        ->required();
    add_value(csv, "to", "TIME", "Excluded; likewise")->required();
    add_site(csv, false);
    add_value(csv, "out", "FILE", "CSV there (default: stdout)");
  }

  void add_schedule_command() {
    CLI::App* schedule =
        add_command(Command::kSchedule, "schedule",
                    "Print lines for cron, systemd and GitHub Actions; give pg_cron its jobs");
    add_site(schedule, true);
    add_value(schedule, "days", "N", "Days that a sync takes, 1 to 3660 (default 7)");
    schedule->add_flag("--dry-run", line_.is_dry_run, "Give pg_cron nothing");
  }

  std::string command_name() const {
    const auto chosen = app_.get_subcommands();
    return chosen.empty() ? std::string() : chosen.front()->get_name() + " ";
  }

  // Says in Argo's words what is wrong; CLI11's would quote what was given.
  [[noreturn]] void explain(const CLI::ParseError& error) const {
    const std::string what = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
      explain_extra();
    const std::string option = what.substr(0, what.find_first_of(": "));
    const bool names_option = option.rfind("--", 0) == 0;
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
      names_option ? fail("missing option " + option, kNothingDone, hint()) : explain_command();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && names_option)
      fail("option " + option + " takes one value, once", kNothingDone, hint());
    if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)
      fail("options exclude each other: " + what, kNothingDone, hint());
    fail("the arguments cannot be read", kNothingDone, hint());
  }

  [[noreturn]] void explain_command() const {
    for (const std::string& word : app_.remaining(true)) {
      const bool is_word =
          word.size() <= 16 &&
          word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
      if (is_word)
        fail((word[0] == '-' ? "unknown option " : "unknown command ") + word, kNothingDone,
             hint());
    }
    fail("missing command", "It says what to do. " + std::string(kNothingDone), hint());
  }

  [[noreturn]] void explain_extra() const {
    for (const std::string& word : app_.remaining(true))
      if (word.size() > 1 && word[0] == '-')
        fail("unknown option " + printable(word.substr(0, word.find_first_of("=:@/")), 40),
             kNothingDone, hint());
    // It may be a connection string.
    fail("unexpected argument",
         "All but the command is given as options, and secrets in the environment. " +
             std::string(kNothingDone),
         hint());
  }

  CLI::App app_;
  CommandLine line_;
  Given given_;
  std::vector<std::string> api_options_;
};

void check_order(const CommandLine& line, const std::string& hint) {
  const PlanRequest& plan = line.request.plan;
  if (!plan.end_date.empty() && plan.end_date < plan.start_date)
    fail("--end-date lies before --start-date",
         "From " + plan.start_date + " to " + plan.end_date + " there is no day. " + kNothingDone,
         hint);
  if (!line.first_day.empty() && !line.end_day.empty() && line.end_day <= line.first_day)
    fail(
        "--end does not lie after --start",
        "--end is the first day that no longer belongs to the period. " + std::string(kNothingDone),
        hint);
  const ExportView* view = find_export_view(line.view);
  if (view != nullptr && view->is_of_days &&
      line.to_text.substr(0, kDateBytes) <= line.from_text.substr(0, kDateBytes))
    fail("--to does not lie after --from",
         "Of " + line.view + " whole days are exported, and --to is the first that is not. " +
             kNothingDone,
         hint);
  if (line.from && line.to && *line.to <= *line.from)
    fail("--to does not lie after --from",
         "From " + format_utc(*line.from) + " to " + format_utc(*line.to) + " there is nothing. " +
             kNothingDone,
         hint);
}

// Returns where a file would be, whatever links and detours lead there.
std::string place_of(const std::string& file) {
  std::error_code error;
  const auto place =
      std::filesystem::weakly_canonical(std::filesystem::absolute(file, error), error);
  return error ? file : place.string();
}

// Checks that no file would take the place of another.
void check_files(const CommandLine& line, const std::string& hint) {
  std::vector<std::string> places;
  for (const std::string& file : {line.out_file, line.html_file, line.pdf_file})
    if (!file.empty())
      places.push_back(place_of(file));
  for (const std::string& place : places)
    if (std::count(places.begin(), places.end(), place) > 1)
      fail("options exclude each other: two of --out, --html and --pdf name the same file",
           kNothingDone, hint);
}

// Reads what only reports and exports have.
void read_delivery(CommandLine& line, const OptionValues& values) {
  constexpr char kFile[] = "It takes the name of a file.";
  line.out_file = values.text("out", kFile);
  line.html_file = values.text("html", kFile);
  line.pdf_file = values.text("pdf", kFile);
  line.first_day = values.date("start");
  line.end_day = values.date("end");
  line.time_zone = values.text("timezone", "It takes a name of pg_timezone_names.");
  line.report_at = values.report_at();
  line.is_published = line.is_published || !line.report_at.empty();
  line.view = values.view();
  line.from_text = values.text("from", {});
  line.to_text = values.text("to", {});
  if (const auto as_of = values.instant("generated-at"))
    line.as_of = as_of;
}

}  // namespace

bool asks_for_json(int argc, const char* const* argv) {
  return std::any_of(argv + std::min(argc, 1), argv + argc,
                     [](const char* argument) { return std::string_view(argument) == "--json"; });
}

std::optional<CommandLine> read_command_line(int argc, const char* const* argv) {
  Parser parser;
  if (!parser.parse(argc, argv))
    return std::nullopt;
  CommandLine& line = parser.line();
  const OptionValues values(parser.given(), parser.hint());
  line.schema = values.schema();
  if (const std::string* file = values.find("env-file")) {
    if (file->empty())
      fail_value("env-file", *file, "It takes the name of a file.", parser.hint());
    line.env_file = *file;
  }
  line.site = values.site();
  line.request.site = line.site;
  line.request.is_dry_run = line.is_dry_run;
  PlanRequest& plan = line.request.plan;
  if (line.command == Command::kRefresh)
    line.refresh_days = values.number("days", 2, 1, kMaxRefreshDays);
  else
    plan.days = values.number("days", 7, 1, kMaxDays);
  plan.lookback_days = values.number("lookback-days", 3, 0, kMaxDays);
  plan.max_catch_up_days = values.number("max-catch-up-days", 90, 0, kMaxDays);
  plan.start_date = values.date("start-date");
  plan.end_date = values.date("end-date");
  if (line.command == Command::kBackfill) {
    plan.days = 0;
    plan.lookback_days = 0;
    plan.max_catch_up_days = 0;
    line.request.window_days = values.number("window-days", 1, 1, kWindowDays);
  }
  line.on_conflict = values.on_conflict();
  line.as_of = values.instant("as-of");
  line.since = values.instant("since");
  line.from = values.instant("from");
  line.to = values.instant("to");
  line.views = values.views();
  read_delivery(line, values);
  if (const std::string* zone = values.find("migrate-timestamps")) {
    if (zone->empty())
      fail_value("migrate-timestamps", *zone, "It takes a time zone.",
                 "argo-loader setup --migrate-timestamps America/New_York");
    line.migration_zone = *zone;
  }
  line.api_options = values.api_options(parser.api_options());
  check_order(line, parser.hint());
  check_files(line, parser.hint());
  return line;
}

}  // namespace argo::loader

// The command line: commands, their options, and what they must be before anything is connected to.
#include "loader/options.h"

#include "core/error.h"
#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/instant.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace argo::loader {

namespace {

constexpr int kMaxRefreshDays = 36600;
constexpr std::size_t kMaxNameBytes = 63;
constexpr char kNothingDone[] = "Nothing was connected to.";

constexpr char kFooter[] = R"(
Environment, or lines of .env (the environment wins; VITE_ENISCOPE_... are read too):
  DATABASE_URL           postgresql://user:password@host/database
  ENISCOPE_API_URL       default https://core.eniscope.com
  ENISCOPE_API_KEY, ENISCOPE_EMAIL, ENISCOPE_PASSWORD or ENISCOPE_PASSWORD_MD5

Exit status: 0 complete, 1 internal error, 2 usage, 3 configuration or credentials, 4 refused by the
API, 5 API unavailable, 6 database unreachable, 7 database error, 8 partial, 9 breaker open, 10 another
run active, 130 and 143 interrupted.

First steps: argo-loader setup; argo-loader ingest --site 23271 --days 7; argo-loader status)";

// Options of commands by their names without dashes, as they were given.
using Given = std::map<std::string, std::string>;

// Returns a value in quotes for a message; one that could hold a password is left out.
std::string shown(const std::string& value) {
  for (const char* piece : {"://", "@", "="})
    if (value.find(piece) != std::string::npos)
      return {};
  return " \"" + printable(value, 40) + "\"";
}

[[noreturn]] void fail(const std::string& message, const std::string& detail,
                       const std::string& hint) {
  throw Failure(ExitCode::kUsage, sqlstate::kInvalidParameter, message, detail, hint);
}

[[noreturn]] void fail_value(const std::string& name, const std::string& value,
                             const std::string& wanted, const std::string& hint) {
  const std::string text = shown(value);
  fail("invalid value for --" + name + (text.empty() ? "" : ":" + text),
       wanted + " " + kNothingDone, hint);
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
    CLI::App* report = add_command(Command::kReport, "report",
                                   "Ask whether reports of a site are let through (exit 9: no)");
    add_site(report, true);
    add_as_of(report);
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

// Takes what was given and puts it, checked, into the command line.
class Checker {
 public:
  Checker(const Given& given, std::string hint) : given_(given), hint_(std::move(hint)) {}

  const std::string* find(const std::string& name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? nullptr : &found->second;
  }

  int number(const std::string& name, int fallback, int min, int max) const {
    const std::string* text = find(name);
    if (text == nullptr)
      return fallback;
    int value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size() || value < min || value > max)
      fail_value(name, *text,
                 "It takes a whole number from " + std::to_string(min) + " to " +
                     std::to_string(max) + ".",
                 hint_);
    return value;
  }

  std::optional<UnixTime> instant(const std::string& name) const {
    const std::string* text = find(name);
    if (text == nullptr)
      return std::nullopt;
    const auto value = parse_instant(*text);
    if (!value)
      fail_value(name, *text, "It is no time that exists.",
                 "give a time such as 2026-03-11T12:00Z; without a zone it is UTC");
    return value;
  }

  std::string date(const std::string& name) const {
    const std::string* text = find(name);
    if (text == nullptr)
      return {};
    if (!is_date(*text))
      fail_value(name, *text, "It is no day of the calendar.", "give a date as YYYY-MM-DD");
    return *text;
  }

  std::string site() const {
    const std::string* text = find("site");
    if (text == nullptr)
      return {};
    IngestRequest request;
    request.site = *text;
    request.plan.days = 1;
    try {
      check_ingest_request(request);
    } catch (const Error& error) {
      fail_value("site", *text, error.detail(),
                 "argo-loader status lists the sites that are stored");
    }
    return *text;
  }

  OnConflict on_conflict() const {
    const std::string* text = find("on-conflict");
    if (text == nullptr || *text == "nothing")
      return OnConflict::kNothing;
    if (*text != "update")
      fail_value("on-conflict", *text,
                 "It says what becomes of a stored reading that the API now gives another value.",
                 "give nothing to leave it, or update to correct it");
    return OnConflict::kUpdate;
  }

  std::string schema() const {
    const std::string* text = find("schema");
    if (text == nullptr)
      return {};
    const bool is_plain = std::none_of(text->begin(), text->end(), [](unsigned char c) {
      return c < 0x20 || c == 0x7F || c == '"' || c == '\'' || c == '$' || c == '%' || c == '\\';
    });
    if (!is_plain || text->empty() || text->size() > kMaxNameBytes || storable(*text) != *text)
      fail_value("schema", *text, "A name has 1 to 63 bytes and none of \" ' $ % \\.", hint_);
    return *text;
  }

  std::vector<std::string> views() const {
    std::vector<std::string> names;
    const std::string* text = find("views");
    for (std::size_t from = 0; text != nullptr && from <= text->size();) {
      const std::size_t to = std::min(text->find(',', from), text->size());
      std::string name = text->substr(from, to - from);
      if (name.empty())
        fail_value("views", *text, "It takes names with commas between them.",
                   "argo-loader refresh --views mv_hourly_usage,mv_daily_usage");
      names.push_back(std::move(name));
      from = to + 1;
    }
    return names;
  }

  // Checks the API's options as a server's are in SQL.
  Options api_options(const std::vector<std::string>& names) const {
    Options options;
    for (const std::string& name : names) {
      const std::string* text = find(name);
      if (text == nullptr)
        continue;
      std::string option = name;
      std::replace(option.begin(), option.end(), '-', '_');
      const bool is_repeated = std::any_of(options.begin(), options.end(),
                                           [&](const auto& o) { return o.first == option; });
      if (is_repeated)
        continue;
      options.emplace_back(option, *text);
      try {
        check_server_options({{"url", "https://localhost"}, {option, *text}});
      } catch (const Error& error) {
        fail_value(name, *text, error.hint(), hint_);
      }
    }
    return options;
  }

 private:
  const Given& given_;
  std::string hint_;
};

void check_order(const CommandLine& line, const std::string& hint) {
  const PlanRequest& plan = line.request.plan;
  if (!plan.end_date.empty() && plan.end_date < plan.start_date)
    fail("--end-date lies before --start-date",
         "From " + plan.start_date + " to " + plan.end_date + " there is no day. " + kNothingDone,
         hint);
  if (line.from && line.to && *line.to <= *line.from)
    fail("--to does not lie after --from",
         "From " + format_utc(*line.from) + " to " + format_utc(*line.to) + " there is nothing. " +
             kNothingDone,
         hint);
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
  const Checker checker(parser.given(), parser.hint());
  line.schema = checker.schema();
  if (const std::string* file = checker.find("env-file")) {
    if (file->empty())
      fail_value("env-file", *file, "It takes the name of a file.", parser.hint());
    line.env_file = *file;
  }
  line.site = checker.site();
  line.request.site = line.site;
  line.request.is_dry_run = line.is_dry_run;
  PlanRequest& plan = line.request.plan;
  if (line.command == Command::kRefresh)
    line.refresh_days = checker.number("days", 2, 1, kMaxRefreshDays);
  else
    plan.days = checker.number("days", 7, 1, kMaxDays);
  plan.lookback_days = checker.number("lookback-days", 3, 0, kMaxDays);
  plan.max_catch_up_days = checker.number("max-catch-up-days", 90, 0, kMaxDays);
  plan.start_date = checker.date("start-date");
  plan.end_date = checker.date("end-date");
  if (line.command == Command::kBackfill) {
    plan.days = 0;
    plan.lookback_days = 0;
    plan.max_catch_up_days = 0;
    line.request.window_days = checker.number("window-days", 1, 1, kWindowDays);
  }
  line.on_conflict = checker.on_conflict();
  line.as_of = checker.instant("as-of");
  line.since = checker.instant("since");
  line.from = checker.instant("from");
  line.to = checker.instant("to");
  line.views = checker.views();
  if (const std::string* zone = checker.find("migrate-timestamps")) {
    if (zone->empty())
      fail_value("migrate-timestamps", *zone, "It takes a time zone.",
                 "argo-loader setup --migrate-timestamps America/New_York");
    line.migration_zone = *zone;
  }
  line.api_options = checker.api_options(parser.api_options());
  check_order(line, parser.hint());
  return line;
}

}  // namespace argo::loader

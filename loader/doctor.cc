// Says what is wrong on the way from here to the database and to the API, and what to type.
#include "loader/doctor.h"

#include "core/error.h"
#include "core/probe.h"
#include "loader/database.h"
#include "loader/output.h"
#include "loader/signals.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace argo::loader {

namespace {

constexpr char kFail[] = "FAIL";

struct Check {
  std::string name;
  std::string status;  // OK, WARN, FAIL
  std::string detail;
  std::string cure;
};

// The host of a probe, which asks for nothing but the time and whether to stop.
class ProbeHost : public Host {
 public:
  bool stop_requested() override { return stop_signal() != 0; }
  void log(LogLevel /*level*/, const std::string& /*text*/) override {}
  UnixTime now() override { return static_cast<UnixTime>(std::time(nullptr)); }
  Plan plan(const Site& /*site*/, const PlanRequest& /*request*/) override { refuse(); }
  std::vector<Stored> store(const Site& /*site*/, std::vector<Pull> /*pulls*/) override {
    refuse();
  }
  std::int64_t count_missing(const Plan& /*plan*/) override { refuse(); }
  void progress(const Progress& /*progress*/) override {}

 private:
  [[noreturn]] static void refuse() { throw std::logic_error("a probe stores nothing"); }
};

// What to type against a fault of the way to the API.
std::string cure_of(ProbeFault fault, const Settings& settings) {
  const std::size_t from = settings.url.find("://") + 3;
  const std::string host = settings.url.substr(from, settings.url.find_first_of(":/", from) - from);
  const std::string url_line = settings.url == kApiUrl
                                   ? ""
                                   : "ENISCOPE_API_URL=" + std::string(kApiUrl) +
                                         " in .env, unless the address is right; then: ";
  const std::string look = "curl -v " + shell_word(settings.url);
  switch (fault) {
    case ProbeFault::kUnknownHost:
    case ProbeFault::kNoResolver:
      return url_line + "getent hosts " + shell_word(host) +
             " (mend the name servers of this machine)";
    case ProbeFault::kRefused:
    case ProbeFault::kNoConnection:
      return url_line + look + " (let this machine connect there)";
    case ProbeFault::kCaFile:
      return "--ca-file with a PEM file that can be read, or without the option";
    case ProbeFault::kUntrusted:
      return "--ca-file with the PEM file of the authority";
    case ProbeFault::kExpired:
      return "timedatectl set-ntp true, or have the operator of " + host + " renew the certificate";
    case ProbeFault::kWrongName:
    case ProbeFault::kOldTls:
    case ProbeFault::kTls:
    case ProbeFault::kNotTheApi:
      return url_line + look;
    case ProbeFault::kNoAnswer:
    case ProbeFault::kApiFails:
    case ProbeFault::kRateLimited:
      return "wait, and type argo-loader doctor again; what is missed meanwhile, a later run "
             "brings";
    case ProbeFault::kLoginRefused:
      return "ENISCOPE_API_KEY=..., ENISCOPE_EMAIL=... and ENISCOPE_PASSWORD='...' in .env, with "
             "the login";
    case ProbeFault::kNoRights:
      return "ENISCOPE_API_KEY=... in .env, with a key that may read, or ask the account's owner";
    case ProbeFault::kSubscription:
      return "renew the subscription of the API";
    case ProbeFault::kClockSkew:
      return "timedatectl set-ntp true";
    default:
      return {};
  }
}

bool is_of_configuration(ProbeFault fault) {
  return fault == ProbeFault::kLoginRefused || fault == ProbeFault::kCaFile;
}

class Doctor {
 public:
  explicit Doctor(const Context& context) : context_(context) {}

  std::vector<Check> examine() {
    check_file();
    check_variables();
    check_database();
    if (!is_api_checked_)
      check_api();
    return std::move(checks_);
  }

  ExitCode exit_code() const { return worst_; }

 private:
  void add(std::string name, std::string status, std::string detail, std::string cure = {},
           ExitCode about = ExitCode::kDatabaseError) {
    if (status == kFail) {
      if (about != ExitCode::kConfiguration && about != ExitCode::kDatabaseUnreachable)
        about = ExitCode::kDatabaseError;
      // In the order in which one would mend them.
      constexpr std::array kOrder = {ExitCode::kConfiguration, ExitCode::kDatabaseUnreachable,
                                     ExitCode::kDatabaseError, ExitCode::kComplete};
      worst_ = *std::find_if(kOrder.begin(), kOrder.end(),
                             [&](ExitCode code) { return code == worst_ || code == about; });
    }
    checks_.push_back({std::move(name), std::move(status), std::move(detail), std::move(cure)});
  }

  void add_failure(const std::string& name, const Failure& failure) {
    add(name, kFail, failure.message() + (failure.detail().empty() ? "" : ": " + failure.detail()),
        failure.hint(), failure.exit_code());
  }

  void check_file() {
    const Environment& environment = context_.environment;
    const std::string& file = environment.file();
    if (environment.problem())
      add_failure("env file", *environment.problem());
    else if (file.empty())
      add("env file", "OK", "there is no .env here; the environment counts alone");
    else if (environment.is_file_exposed())
      add("env file", "WARN", file + " can be read by others", "chmod 600 " + shell_word(file));
    else
      add("env file", "OK", "read " + file);
  }

  void check_variables() {
    const auto url = context_.environment.find("DATABASE_URL");
    if (url)
      add("DATABASE_URL", "OK", "set, in " + source_of(*url));
    else
      try {
        context_.environment.database_url();
      } catch (const Failure& failure) {
        add_failure("DATABASE_URL", failure);
      }
    try {
      settings_ = api_settings(context_.environment, context_.line.api_options);
      add("API variables", "OK",
          "set, in " + source_of(*context_.environment.find("ENISCOPE_API_KEY")) + ", for " +
              settings_->url);
    } catch (const Failure& failure) {
      add_failure("API variables", failure);
    }
  }

  std::string schema_option() const {
    const std::string& schema = context_.line.schema;
    return schema.empty() ? "" : " --schema " + shell_word(schema);
  }

  static std::string source_of(const Variable& variable) {
    return variable.source == "environment" ? "the environment" : variable.source;
  }

  void check_database() {
    try {
      Database database(context_);
      Connection& connection = database.connection();
      add("database", "OK", connection.describe());
      check_session(database);
      if (!database.place().has_functions) {
        add("functions", kFail, "argo is not set up in schema " + database.place().schema,
            "argo-loader setup" + schema_option());
        return;
      }
      check_data(database);
    } catch (const Failure& failure) {
      // Without an address there is nothing more to say.
      if (context_.environment.find("DATABASE_URL"))
        add_failure("database", failure);
    }
  }

  // How the connection is: encrypted, through a pooler, able to write.
  void check_session(Database& database) {
    Connection& connection = database.connection();
    const Rows rows = connection.query(
        "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), "
        "pg_catalog.current_setting('transaction_read_only'), "
        "coalesce(pg_catalog.inet_client_addr() << '127.0.0.0/8' OR "
        "pg_catalog.inet_client_addr() = '::1', true)");
    const Row& row = rows.rows.at(0);
    const std::string tls = connection.tls();
    const bool has_pooler = row[0] != std::to_string(connection.backend_pid());
    if (!tls.empty())
      add("database TLS", "OK", tls);
    else if (row[3] == "t" && !has_pooler)
      add("database TLS", "OK", "none, and none needed: the server is this machine");
    else
      add("database TLS", has_pooler ? "OK" : "WARN",
          has_pooler ? "none up to the pooler"
                     : "none: the readings and what the login needs cross the network in clear",
          has_pooler ? "" : "?sslmode=verify-full at the end of DATABASE_URL");
    add("pooler", "OK",
        has_pooler ? "there is one: transactions may each run in another server process"
                   : "none: this is the server itself");
    if (row[1] == "t" || row[2] == "on")
      add("writable", kFail,
          row[1] == "t" ? "this is a standby, which takes no readings"
                        : "transactions are read-only here",
          row[1] == "t" ? "DATABASE_URL=... in .env, with the host of the primary"
                        : "ALTER ROLE CURRENT_USER RESET default_transaction_read_only;");
    else
      add("writable", "OK", "transactions may write");
  }

  // What the functions find in the database, with the way to the API as it is from here.
  void check_data(Database& database) {
    const std::string& site = context_.line.site;
    const Table table =
        database.select("SELECT check_name, status, detail, cure FROM @schema@.argo_doctor($1)",
                        {site.empty() ? Text() : Text(site)});
    constexpr std::array kOfServer = {"server", "mapping", "usage"};
    constexpr std::array kOfProbe = {"dns", "connect", "tls", "login", "clock skew"};
    for (const auto& row : table.rows) {
      const std::string name = row[0].value_or("");
      if (std::find(kOfServer.begin(), kOfServer.end(), name) != kOfServer.end())
        continue;
      if (std::find(kOfProbe.begin(), kOfProbe.end(), name) != kOfProbe.end()) {
        if (!is_api_checked_)
          check_api();
        continue;
      }
      add(name, row[1].value_or(kFail), row[2].value_or(""), row[3].value_or(""));
    }
  }

  void check_api() {
    is_api_checked_ = true;
    if (!settings_)
      return;
    try {
      ProbeHost host;
      std::string cure;
      for (const ProbeStep& step : probe(host, *settings_)) {
        if (step.fault != ProbeFault::kNotReached)
          cure = cure_of(step.fault, *settings_);
        add("API " + step.name, to_text(step.status), step.detail, cure,
            is_of_configuration(step.fault) ? ExitCode::kConfiguration : ExitCode::kDatabaseError);
      }
    } catch (const Error& error) {
      add("API", kFail, error.message() + ": " + error.detail(), error.hint());
    }
  }

  const Context& context_;
  std::optional<Settings> settings_;
  std::vector<Check> checks_;
  ExitCode worst_ = ExitCode::kComplete;
  bool is_api_checked_ = false;
};

Table to_table(const std::vector<Check>& checks) {
  Table table{{{"check"}, {"status"}, {"detail"}, {"cure"}}, {}};
  for (const Check& check : checks)
    table.rows.push_back(
        {check.name, check.status, check.detail, check.cure.empty() ? Text() : Text(check.cure)});
  return table;
}

// Returns the checks as a list, with what to type below each that needs it.
std::string to_list(const std::vector<Check>& checks) {
  std::size_t width = 0;
  for (const Check& check : checks)
    width = std::max(width, displayed_width(check.name));
  std::string out;
  for (const Check& check : checks) {
    out += check.status + std::string(6 - check.status.size(), ' ') + check.name +
           std::string(width + 2 - displayed_width(check.name), ' ') + one_line(check.detail) +
           '\n';
    if (check.status == "OK")
      continue;
    std::istringstream lines(check.cure);
    // What is no SQL, such as a command of the loader, comes as a comment.
    for (std::string line; std::getline(lines, line);)
      out += std::string(width + 8, ' ') + "> " +
             one_line(line.starts_with("-- ") ? line.substr(3) : line) + '\n';
  }
  return out;
}

}  // namespace

ExitCode run_doctor(const Context& context) {
  Doctor doctor(context);
  const std::vector<Check> checks = doctor.examine();
  write_result(STDOUT_FILENO, context.line.is_json ? json_rows(to_table(checks)) : to_list(checks));
  return doctor.exit_code();
}

}  // namespace argo::loader

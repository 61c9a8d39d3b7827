// Prints what has a scheduler run the loader for a site: cron, systemd, GitHub Actions, and pg_cron
// where it is.
#include "loader/schedule.h"

#include "core/error.h"
#include "loader/database.h"
#include "loader/output.h"

#include <pwd.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace argo::loader {

namespace {

// Those of argo_schedule().
constexpr char kSyncAt[] = "0 2 * * *";
constexpr char kValidateAt[] = "0 */6 * * *";
constexpr char kRefreshFullAt[] = "30 2 * * *";
constexpr char kSyncCalendar[] = "*-*-* 02:00:00 UTC";
// Monday morning at the site, in whichever zone, is on one of these days; the command looks at the
// site's clock. Five minutes before the hourly job of pg_cron, which cannot sync before.
constexpr char kReportAt[] = "55 * * * 0-2";
constexpr char kReportCalendar[] = "Sun,Mon,Tue *-*-* *:55:00 UTC";
constexpr char kReportDue[] = "Mon 05:55";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// The path of this program, also where it was installed anew while it runs.
std::string program_path() {
  std::error_code error;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  const std::string deleted = " (deleted)";
  if (path.size() > deleted.size() &&
      path.compare(path.size() - deleted.size(), deleted.size(), deleted) == 0)
    path.erase(path.size() - deleted.size());
  return error ? "argo-loader" : path;
}

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::to_string(geteuid()) : entry->pw_name;
}

std::string schema_option(const Job& job) {
  return job.schema.empty() ? "" : " --schema " + shell_word(job.schema);
}

// Quotes a word for a line Exec... of systemd, where $ and % have meanings of their own.
std::string systemd_word(const std::string& word) {
  std::string text = replaced(replaced(word, "%", "%%"), "$", "$$");
  if (text.find_first_of(" \t\"'\\;") == std::string::npos)
    return text;
  return '"' + replaced(replaced(text, "\\", "\\\\"), "\"", "\\\"") + '"';
}

// Returns a line that says nothing unless the command fails, since cron mails what is said.
std::string cron_line(const Job& job, const char* when, const std::string& command) {
  const std::string line = "said=$(" + shell_word(job.program) + " " + command +
                           schema_option(job) + " --quiet --env-file " + shell_word(job.env_file) +
                           " 2>&1 >/dev/null) || case $? in 8|10) ;; *) echo \"$said\";; esac";
  // cron ends a command at a bare %.
  return std::string(when) + " " + replaced(line, "%", "\\%") + "\n";
}

// The name of the unit of a site, and of its jobs elsewhere.
std::string unit_of(const Job& job, Task task) {
  return (task == Task::kSync ? "argo-sync-" : "argo-report-") + job.site;
}

std::string sync_arguments(const Job& job) {
  return "sync --site " + job.site + " --days " + std::to_string(job.days);
}

std::string report_arguments(const Job& job) {
  return "report --site " + job.site + " --report-at '" + kReportDue + "'";
}

// A part of the answer: what to put where, or what pg_cron was given.
struct Part {
  std::string scheduler;
  std::string place;
  std::string content;
};

std::vector<Part> parts_of(const Job& job, bool has_pg_cron) {
  std::vector<Part> parts = {{"cron", "crontab -e", crontab(job, has_pg_cron)}};
  for (const Task task : {Task::kSync, Task::kReport}) {
    const std::string unit = "/etc/systemd/system/" + unit_of(job, task);
    parts.push_back({"systemd", unit + ".service", systemd_service(job, task)});
    parts.push_back({"systemd", unit + ".timer", systemd_timer(job, task)});
  }
  parts.push_back({"github actions", ".github/workflows/" + unit_of(job, Task::kSync) + ".yml",
                   github_workflow(job)});
  return parts;
}

// Prints for people: each part below a line that says where it goes.
std::string to_text(const std::vector<Part>& parts, const Job& job) {
  std::string out;
  for (const Part& part : parts)
    out += "# ---- " + part.scheduler + ": " + part.place + "\n" + part.content + "\n";
  return out + "# ---- systemd, once all four files are there\n# systemctl enable --now " +
         unit_of(job, Task::kSync) + ".timer " + unit_of(job, Task::kReport) + ".timer\n";
}

// What pg_cron has to say: its jobs, or why it has none.
struct PgCron {
  std::optional<Table> jobs;
  std::string absence;
};

PgCron ask_pg_cron(const Context& context) {
  Database database(context);
  const Table cron = database.select("SELECT c.state, c.database FROM @schema@._argo_cron() AS c");
  const std::string state = cron.rows.empty() ? "" : cron.rows[0][0].value_or("");
  if (state == "here")
    return {database.select("SELECT * FROM @schema@.argo_schedule($1, $2::integer)",
                            {context.line.site, std::to_string(context.line.request.plan.days)}),
            {}};
  if (state == "elsewhere")
    return {{},
            "pg_cron works in database " + cron.rows[0][1].value_or("") +
                ", not in this one: it was given nothing"};
  if (state == "not created")
    return {{},
            "pg_cron is loaded for this database, but not created: CREATE EXTENSION pg_cron, and "
            "the same command again, have it refresh and validate"};
  return {{}, "pg_cron is not in this database: it was given nothing"};
}

Job job_of(const Context& context) {
  std::error_code error;
  const std::string file =
      context.environment.file().empty() ? std::string(".env") : context.environment.file();
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  return {program_path(),      error ? file : path.lexically_normal().string(),
          user_name(),         context.line.site,
          context.line.schema, context.line.request.plan.days};
}

Table to_table(const std::vector<Part>& parts, const PgCron& pg_cron) {
  Table table{{{"scheduler"}, {"place"}, {"content"}, {"action"}}, {}};
  for (const Part& part : parts)
    table.rows.push_back({part.scheduler, part.place, part.content, std::nullopt});
  if (pg_cron.jobs)
    for (const auto& row : pg_cron.jobs->rows)
      table.rows.push_back(
          {"pg_cron", row[0], row[1].value_or("") + " " + row[2].value_or(""), row[3]});
  return table;
}

}  // namespace

std::string crontab(const Job& job, bool has_pg_cron) {
  std::string lines =
      "# Times are local ones. A run that fails is mailed: MAILTO=you@example.com\n"
      "# Not so where some pulls failed (8), which the rules judge, or another run is at it "
      "(10).\n" +
      cron_line(job, kSyncAt, sync_arguments(job)) +
      "# Looks whether it is Monday morning at the site; then syncs, and stores the report.\n" +
      cron_line(job, kReportAt, report_arguments(job));
  if (!has_pg_cron)
    lines += cron_line(job, kValidateAt, "validate --site " + job.site) +
             cron_line(job, kRefreshFullAt, "refresh --full");
  return lines;
}

std::string systemd_service(const Job& job, Task task) {
  const bool is_sync = task == Task::kSync;
  return "[Unit]\n"
         "Description=Argo: " +
         std::string(is_sync ? "sync" : "weekly report") + " of site " + job.site +
         "\n"
         "Wants=network-online.target\n"
         "After=network-online.target\n"
         "\n"
         "[Service]\n"
         "Type=oneshot\n"
         "User=" +
         job.user +
         "\n"
         "WorkingDirectory=/\n"
         "# Lines NAME=value, without export.\n"
         "EnvironmentFile=" +
         replaced(job.env_file, "%", "%%") +
         "\n"
         "ExecStart=" +
         systemd_word(job.program) + " " + (is_sync ? sync_arguments(job) : report_arguments(job)) +
         (job.schema.empty() ? "" : " --schema " + systemd_word(job.schema)) +
         " --quiet\n"
         "# 8: some pulls failed, which the rules judge. 10: another run of the site is at it.\n"
         "SuccessExitStatus=8 10\n";
}

std::string systemd_timer(const Job& job, Task task) {
  const bool is_sync = task == Task::kSync;
  return "[Unit]\n"
         "Description=Argo: " +
         std::string(is_sync ? "daily sync" : "weekly report") + " of site " + job.site +
         "\n"
         "\n"
         "[Timer]\n"
         "OnCalendar=" +
         std::string(is_sync ? kSyncCalendar : kReportCalendar) +
         "\n"
         "# What was missed while the machine was off is made up for.\n"
         "Persistent=true\n"
         "\n"
         "[Install]\n"
         "WantedBy=timers.target\n";
}

std::string github_workflow(const Job& job) {
  const auto secret = [](const std::string& name) {
    return "      " + name + ": ${{ secrets." + name + " }}\n";
  };
  const auto command = [&](const std::string& arguments) {
    return "      - run: >-\n"
           "          build/release/argo-loader " +
           arguments + schema_option(job);
  };
  const std::string unit = unit_of(job, Task::kSync);
  return "# In a repository that holds Argo; its secrets: gh secret set DATABASE_URL, and so on.\n"
         "name: " +
         unit +
         "\n"
         "on:\n"
         "  schedule:\n"
         "    - cron: '" +
         std::string(kSyncAt) +
         "'  # UTC\n"
         "  workflow_dispatch:\n"
         "permissions:\n"
         "  contents: read\n"
         "concurrency: " +
         unit +
         "\n"
         "jobs:\n"
         "  sync:\n"
         "    runs-on: ubuntu-latest\n"
         "    container: debian:12\n"
         "    env:\n" +
         secret("DATABASE_URL") + secret("ENISCOPE_API_URL") + secret("ENISCOPE_API_KEY") +
         secret("ENISCOPE_EMAIL") + secret("ENISCOPE_PASSWORD") +
         "    steps:\n"
         "      - run: apt-get update && apt-get install -y git make\n"
         "      - uses: actions/checkout@v4\n"
         "      - run: make loader\n"
         "      # 8: some pulls failed, which the rules judge.\n" +
         command(sync_arguments(job)) + " || test $? = 8\n" +
         "      # Stores the report with the first run after Monday morning at the site.\n" +
         command(report_arguments(job)) + "\n";
}

ExitCode run_schedule(const Context& context) {
  const CommandLine& line = context.line;
  const Job job = job_of(context);
  PgCron pg_cron;
  std::optional<Failure> failure;
  if (!line.is_dry_run) {
    try {
      pg_cron = ask_pg_cron(context);
    } catch (const Failure& caught) {
      if (line.is_json)
        throw;
      failure = caught;
    }
  }
  const std::vector<Part> parts = parts_of(job, pg_cron.jobs.has_value());
  if (line.is_json) {
    write_result(STDOUT_FILENO, json_rows(to_table(parts, pg_cron)));
  } else {
    write_result(STDOUT_FILENO, to_text(parts, job));
    if (pg_cron.jobs)
      write_result(STDOUT_FILENO, "\n" + aligned(*pg_cron.jobs));
  }
  // The lines are of use without a database as well.
  if (failure)
    throw Failure(*failure);
  if (!pg_cron.absence.empty())
    context.terminal.notice(pg_cron.absence);
  if (context.environment.file().empty())
    context.terminal.warning(
        "there is no file " + job.env_file,
        "cron and systemd would find no DATABASE_URL and no login to the API.",
        "write them into it, NAME=value each, and chmod 600 " + shell_word(job.env_file));
  return ExitCode::kComplete;
}

}  // namespace argo::loader

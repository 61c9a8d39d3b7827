// Prints what has a scheduler run the loader for a site: cron, systemd, GitHub Actions, and pg_cron
// where it is.
#ifndef ARGO_LOADER_SCHEDULE_H_
#define ARGO_LOADER_SCHEDULE_H_

#include "loader/context.h"
#include "loader/exit_code.h"

#include <cstdint>
#include <string>

namespace argo::loader {

// What the lines of a schedule are about.
struct Job {
  std::string program;   // absolute
  std::string env_file;  // absolute
  std::string user;
  std::string site;
  std::string schema;  // empty: where Argo is found
  int days = 7;
};

// Returns lines for `crontab -e`; has_pg_cron: the database itself refreshes and validates.
std::string crontab(const Job& job, bool has_pg_cron);

// What a scheduler runs for a site.
enum class Task : std::uint8_t { kSync, kReport };

// Returns the unit that systemd runs, and the one that says when.
std::string systemd_service(const Job& job, Task task);
std::string systemd_timer(const Job& job, Task task);

// Returns a workflow for a clone of Argo at GitHub.
std::string github_workflow(const Job& job);

// Prints them all, and gives pg_cron the parts that are SQL where it is in this database.
ExitCode run_schedule(const Context& context);

}  // namespace argo::loader

#endif  // ARGO_LOADER_SCHEDULE_H_

// The lines for schedulers, with paths that a shell, cron and systemd take for something else.
#include "loader/schedule.h"

#include <gtest/gtest.h>

#include <string>

namespace argo::loader {
namespace {

const Job kPlain{"/opt/argo-loader", "/etc/argo/.env", "argo", "23271", "", 7};
const Job kOdd{"/a b/100%/argo-loader", "/it's/$HOME/%h/.env", "argo", "23271", "My place", 30};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Schedule, WritesCrontabs) {
  const std::string lines = crontab(kPlain, false);
  EXPECT_TRUE(has_line(
      lines,
      "0 2 * * * said=$(/opt/argo-loader sync --site 23271 --days 7 --quiet "
      "--env-file /etc/argo/.env 2>&1 >/dev/null) || case $? in 8|10) ;; *) echo \"$said\";; esac"))
      << lines;
  EXPECT_NE(lines.find("55 * * * 0-2 said=$(/opt/argo-loader report --site 23271 --report-at "
                       "'Mon 05:55' --quiet"),
            std::string::npos);
  EXPECT_NE(lines.find("0 */6 * * * said=$(/opt/argo-loader validate --site 23271"),
            std::string::npos);
  EXPECT_NE(lines.find("30 2 * * * said=$(/opt/argo-loader refresh --full"), std::string::npos);
  EXPECT_EQ(crontab(kPlain, true).find("validate"), std::string::npos);
  EXPECT_NE(crontab(kOdd, true)
                .find("'/a b/100\\%/argo-loader' sync --site 23271 --days 30 --schema "
                      "'My place' --quiet --env-file '/it'\\''s/$HOME/\\%h/.env' 2>&1 >/dev/null)"),
            std::string::npos)
      << crontab(kOdd, true);
}

TEST(Schedule, WritesUnitsOfSystemd) {
  const std::string service = systemd_service(kOdd, Task::kSync);
  EXPECT_TRUE(has_line(service, "EnvironmentFile=/it's/$HOME/%%h/.env")) << service;
  EXPECT_TRUE(has_line(service,
                       "ExecStart=\"/a b/100%%/argo-loader\" sync --site 23271 --days 30 --schema "
                       "\"My place\" --quiet"))
      << service;
  EXPECT_TRUE(has_line(systemd_timer(kPlain, Task::kSync), "OnCalendar=*-*-* 02:00:00 UTC"));
  EXPECT_TRUE(has_line(systemd_service(kPlain, Task::kReport),
                       "ExecStart=/opt/argo-loader report --site 23271 --report-at 'Mon 05:55' "
                       "--quiet"));
  EXPECT_TRUE(
      has_line(systemd_timer(kPlain, Task::kReport), "OnCalendar=Sun,Mon,Tue *-*-* *:55:00 UTC"));
}

TEST(Schedule, WritesWorkflowsThatNameSecrets) {
  const std::string workflow = github_workflow(kPlain);
  EXPECT_TRUE(has_line(workflow, "      DATABASE_URL: ${{ secrets.DATABASE_URL }}"));
  EXPECT_NE(workflow.find("build/release/argo-loader sync --site 23271 --days 7 || test $? = 8\n"),
            std::string::npos);
  EXPECT_EQ(workflow.find("/etc/argo"), std::string::npos);
}

}  // namespace
}  // namespace argo::loader

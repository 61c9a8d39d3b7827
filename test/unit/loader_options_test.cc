// The loader's command line, and what it refuses before anything is connected to.
#include "loader/options.h"

#include "core/error.h"
#include "loader/exit_code.h"
#include "loader/instant.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace argo::loader {
namespace {

CommandLine read(const std::vector<const char*>& words) {
  std::vector<const char*> argv = {"argo-loader"};
  argv.insert(argv.end(), words.begin(), words.end());
  return read_command_line(static_cast<int>(argv.size()), argv.data()).value();
}

std::string refusal(const std::vector<const char*>& words) {
  try {
    read(words);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit_code(), ExitCode::kUsage);
    EXPECT_EQ(failure.sqlstate(), "22023");
    EXPECT_FALSE(failure.hint().empty());
    return failure.message();
  }
  return "no refusal";
}

TEST(Instant, IsReadAsPeopleWriteIt) {
  constexpr UnixTime kNoon = 1773230520;  // 2026-03-11 12:02:00 UTC
  for (const char* text :
       {"2026-03-11T12:02:00Z", "2026-03-11 12:02:00+00", "2026-03-11T12:02",
        "2026-03-11 08:02:00-04", "2026-03-11T17:32:00+05:30", "2026-03-11T1232Z"})
    EXPECT_EQ(parse_instant(text),
              std::string(text) == "2026-03-11T1232Z" ? std::nullopt : std::optional(kNoon))
        << text;
  EXPECT_EQ(parse_instant("2026-03-11"), kNoon - 12 * 3600 - 120);
  EXPECT_EQ(parse_instant("2024-02-29"), 1709164800);
  for (const char* text : {"",
                           "2026",
                           "2026-02-30",
                           "2026-02-29",
                           "2026-13-01",
                           "2026-00-10",
                           "2026-03-00",
                           "2026-3-11",
                           "2026-03-11T",
                           "2026-03-11T24:00",
                           "2026-03-11T12:60",
                           "2026-03-11T12:00:60",
                           "2026-03-11T12:00 Z",
                           "2026-03-11T12:00+16",
                           "2026-03-11T12:00:00+0",
                           "x026-03-11",
                           "2026-03-11T12:02:00Zx",
                           "now",
                           "infinity",
                           "-2026-03-11"})
    EXPECT_FALSE(parse_instant(text)) << text;
}

TEST(CommandLine, HasTheDefaultsOfTheSqlFunctions) {
  const CommandLine ingest = read({"ingest", "--site", "23271"});
  EXPECT_EQ(ingest.command, Command::kIngest);
  EXPECT_EQ(ingest.site, "23271");
  EXPECT_EQ(ingest.request.site, "23271");
  EXPECT_EQ(ingest.request.plan.days, 7);
  EXPECT_EQ(ingest.request.plan.lookback_days, 3);
  EXPECT_EQ(ingest.request.plan.max_catch_up_days, 90);
  EXPECT_EQ(ingest.on_conflict, OnConflict::kNothing);
  EXPECT_TRUE(ingest.refresh_after);
  EXPECT_FALSE(ingest.as_of);
  EXPECT_EQ(ingest.verbosity, Verbosity::kNormal);
  const CommandLine refresh = read({"refresh"});
  EXPECT_EQ(refresh.strategy, "smart");
  EXPECT_EQ(refresh.refresh_days, 2);
  EXPECT_TRUE(refresh.views.empty());
  const CommandLine backfill = read({"backfill", "--site", "1", "--start-date", "2025-05-01"});
  EXPECT_EQ(backfill.request.plan.start_date, "2025-05-01");
  EXPECT_EQ(backfill.request.window_days, 1);
}

TEST(CommandLine, TakesWhatIsGiven) {
  const CommandLine line = read({"--json",
                                 "ingest",
                                 "--site=23271",
                                 "--days",
                                 "30",
                                 "--no-refresh",
                                 "--dry-run",
                                 "--on-conflict",
                                 "update",
                                 "--lookback-days",
                                 "0",
                                 "--max-catch-up-days",
                                 "5",
                                 "--as-of",
                                 "2026-03-11",
                                 "--max-power-kw",
                                 "99.5",
                                 "--timeout-ms",
                                 "1000",
                                 "--schema",
                                 "argo",
                                 "--quiet"});
  EXPECT_TRUE(line.is_json);
  EXPECT_EQ(line.request.plan.days, 30);
  EXPECT_FALSE(line.refresh_after);
  EXPECT_TRUE(line.request.is_dry_run);
  EXPECT_EQ(line.on_conflict, OnConflict::kUpdate);
  EXPECT_EQ(line.request.plan.lookback_days, 0);
  EXPECT_EQ(line.request.plan.max_catch_up_days, 5);
  EXPECT_EQ(line.as_of, 1773187200);
  EXPECT_EQ(line.api_options, (Options{{"timeout_ms", "1000"}, {"max_power_kw", "99.5"}}));
  EXPECT_EQ(line.schema, "argo");
  EXPECT_EQ(line.verbosity, Verbosity::kQuiet);
  EXPECT_EQ(read({"refresh", "--full", "--views", "a,b"}).views,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read({"refresh", "--incremental"}).strategy, "incremental");
}

TEST(CommandLine, TakesWhatReportsAndExportsNeed) {
  const CommandLine report = read({"report", "--site", "1", "--start", "2026-03-02", "--timezone",
                                   "Asia/Tokyo", "--generated-at", "2026-03-11", "--html", "a"});
  EXPECT_EQ(report.first_day, "2026-03-02");
  EXPECT_EQ(report.end_day, "");
  EXPECT_EQ(report.time_zone, "Asia/Tokyo");
  EXPECT_EQ(report.as_of, 1773187200);
  EXPECT_EQ(report.html_file, "a");
  EXPECT_FALSE(report.is_published);
  EXPECT_TRUE(read({"report", "--site", "1", "--report-at", "sun 23:59"}).is_published);
  const CommandLine csv = read({"export", "--view", "v_readings_daily", "--from",
                                "2026-03-01T00:00-05:00", "--to", "2026-04-01"});
  EXPECT_EQ(csv.command, Command::kExport);
  EXPECT_EQ(csv.from, 1772341200);
  EXPECT_EQ(csv.from_text, "2026-03-01T00:00-05:00");
  EXPECT_EQ(csv.site, "");
}

TEST(CommandLine, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(refusal({}), "missing command");
  EXPECT_EQ(refusal({"ping"}), "unknown command ping");
  EXPECT_EQ(refusal({"ingest"}), "missing option --site");
  EXPECT_EQ(refusal({"backfill", "--site", "1"}), "missing option --start-date");
  EXPECT_EQ(refusal({"status", "--dayz=3"}), "unknown option --dayz");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--days"}), "option --days takes one value, once");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--site", "2"}),
            "option --site takes one value, once");
  EXPECT_EQ(refusal({"ingest", "--site", "a b"}), "invalid value for --site: \"a b\"");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--days", "0"}), "invalid value for --days: \"0\"");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--days", "7x"}), "invalid value for --days: \"7x\"");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--days", "-3"}), "invalid value for --days: \"-3\"");
  EXPECT_EQ(refusal({"backfill", "--site", "1", "--start-date", "2026-02-30"}),
            "invalid value for --start-date: \"2026-02-30\"");
  EXPECT_EQ(refusal({"backfill", "--site", "1", "--start-date", "2026-03-02", "--end-date",
                     "2026-03-01"}),
            "--end-date lies before --start-date");
  EXPECT_EQ(
      refusal({"backfill", "--site", "1", "--start-date", "2026-03-02", "--window-days", "8"}),
      "invalid value for --window-days: \"8\"");
  EXPECT_EQ(refusal({"gaps", "--site", "1", "--from", "2026-03-02", "--to", "2026-03-02"}),
            "--to does not lie after --from");
  EXPECT_EQ(refusal({"report", "--site", "1", "--start", "2026-03-09", "--end", "2026-03-09"}),
            "--end does not lie after --start");
  for (const char* same : {"a", "./a", "b/../a"})
    EXPECT_EQ(refusal({"report", "--site", "1", "--html", "a", "--pdf", same}),
              "options exclude each other: two of --out, --html and --pdf name the same file");
  for (const char* time : {"Mon", "Mon 24:00", "Mon 6:00", "Day 06:00", "on 06:00 ", "Mon 06:00Z"})
    EXPECT_EQ(refusal({"report", "--site", "1", "--report-at", time}),
              "invalid value for --report-at: \"" + std::string(time) + "\"");
  EXPECT_EQ(refusal({"export", "--view", "readings", "--from", "2026-03-01", "--to", "2026-03-02"}),
            "invalid value for --view: \"readings\"");
  EXPECT_EQ(refusal({"export", "--view", "v_readings_all", "--from", "2026-03-01"}),
            "missing option --to");
  EXPECT_EQ(refusal({"export", "--view", "v_readings_monthly", "--from", "2026-03-01T01:00", "--to",
                     "2026-03-01T02:00"}),
            "--to does not lie after --from");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--on-conflict", "maybe"}),
            "invalid value for --on-conflict: \"maybe\"");
  EXPECT_EQ(refusal({"ingest", "--site", "1", "--max-concurrency", "33"}),
            "invalid value for --max-concurrency: \"33\"");
  EXPECT_EQ(refusal({"--schema", "a\"b", "status"}), "invalid value for --schema: \"a\"b\"");
  EXPECT_EQ(refusal({"refresh", "--views", "a,,b"}), "invalid value for --views: \"a,,b\"");
  EXPECT_EQ(refusal({"refresh", "--full", "--smart"}).rfind("options exclude each other", 0), 0U);
}

TEST(CommandLine, QuotesNothingThatMayBeSecret) {
  const char* url = "postgresql://u:sesame@h/d";
  for (const std::vector<const char*>& words : {std::vector<const char*>{url},
                                                {"status", url},
                                                {"ingest", "--site", url},
                                                {"ingest", "--site", "1", "--days", url},
                                                {"status", "--password=sesame"},
                                                {"status", "sesame"},
                                                {"--schema", url, "--as-of", url},
                                                {"backfill", "--site", "1", "--start-date", url}})
    EXPECT_EQ(refusal(words).find("sesame"), std::string::npos) << refusal(words);
}

TEST(CommandLine, SaysEarlyWhetherItIsToBeJson) {
  const std::vector<const char*> argv = {"argo-loader", "nonsense", "--json"};
  EXPECT_TRUE(asks_for_json(3, argv.data()));
  EXPECT_FALSE(asks_for_json(2, argv.data()));
  EXPECT_FALSE(asks_for_json(0, argv.data()));
}

}  // namespace
}  // namespace argo::loader

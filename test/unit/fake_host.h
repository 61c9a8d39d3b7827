// A host for the tests: its clock stands still, its tables are maps, and it stops when told to.
#ifndef ARGO_TEST_UNIT_FAKE_HOST_H_
#define ARGO_TEST_UNIT_FAKE_HOST_H_

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/host.h"
#include "core/settings.h"

namespace argo::testing {

inline constexpr UnixTime kNow = 1'772'000'100;  // 2026-02-25 06:15:00 UTC, a slot's start
static_assert(kNow % kSlotSeconds == 0);

class FakeHost : public Host {
 public:
  bool stop_requested() override {
    ++stop_polls;
    return stop && stop();
  }
  void log(LogLevel level, const std::string& text) override { logs.emplace_back(level, text); }
  UnixTime now() override { return time; }
  // The whole days before today, all of which are asked for.
  TimeRange last_days(int days) const {
    const UnixTime to = time - time % kDaySeconds;
    return {to - days * kDaySeconds, to};
  }
  Plan plan(const Site& site, const PlanRequest& request) override {
    Plan plan;
    plan.range = last_days(request.days);
    for (const Channel& channel : site.channels) {
      plan.starts.push_back({channel.id, plan.range});
      plan.expected += plan.range.slots();
    }
    plan.to_ask = plan.starts;
    return plan;
  }
  std::vector<Stored> store(const Site&, std::vector<Pull> pulls) override {
    std::vector<Stored> inserted;
    chunks.push_back(pulls.size());
    for (const Pull& pull : pulls) {
      Stored fresh;
      for (const Reading& reading : pull.readings)
        fresh.inserted +=
            table.emplace(std::pair(reading.ts, pull.channel_id), reading).second ? 1 : 0;
      inserted.push_back(fresh);
      stored.push_back(pull);
    }
    return inserted;
  }
  std::int64_t count_missing(const Plan& plan) override {
    return plan.expected - static_cast<std::int64_t>(table.size());
  }
  void progress(const Progress& progress) override { lines.push_back(progress.text); }

  // Says whether any line of the log holds this text.
  bool logged(const std::string& text) const {
    for (const auto& [level, line] : logs)
      if (line.find(text) != std::string::npos)
        return true;
    return false;
  }

  std::function<bool()> stop;
  UnixTime time = kNow;
  int stop_polls = 0;
  std::vector<std::pair<LogLevel, std::string>> logs;
  std::map<std::pair<UnixTime, std::int32_t>, Reading> table;
  std::vector<Pull> stored;
  std::vector<std::string> lines;   // of progress
  std::vector<std::size_t> chunks;  // how many pulls each store() brought
};

// Measures from its construction.
class Stopwatch {
 public:
  std::int64_t ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

inline constexpr char kApiKey[] = "key-4f1d9a77";
inline constexpr char kEmail[] = "ops@example.com";
inline constexpr char kPassword[] = "correct horse";

inline Settings settings_for(const std::string& url) {
  return make_settings({{"url", url}},
                       {{"api_key", kApiKey}, {"email", kEmail}, {"password", kPassword}});
}

// Returns what `action` throws; an Error with the SQLSTATE 00000 where it throws none.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error("00000", "nothing was thrown");
}

// Returns all that a user may see of an error.
inline std::string all_texts(const Error& error) {
  return error.message() + "\n" + error.detail() + "\n" + error.hint();
}

inline std::string read_fixture(const std::string& name) {
  std::ifstream file(std::string(ARGO_SOURCE_DIR) + "/test/unit/fixtures/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace argo::testing

#endif  // ARGO_TEST_UNIT_FAKE_HOST_H_

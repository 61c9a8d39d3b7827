// The rolling sync of one site: list, plan, fetch, check, store.
#include "ingest.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "check.h"
#include "error.h"
#include "fetcher.h"
#include "readings_parser.h"
#include "site.h"
#include "text.h"
#include "window_queue.h"
#include "windows.h"

namespace argo {

namespace {

// Readings are stored once so many wait, which bounds memory, and at the end.
constexpr std::size_t kStoreAtReadings = 65536;

constexpr std::size_t kMaxSiteIdBytes = 64;

std::string readings_path(const Pull& pull) {
  return "/readings/" + std::to_string(pull.channel_id) +
         "?action=summarize&res=" + std::to_string(kSlotSeconds) +
         "&showCounters=0&daterange%5B%5D=" + std::to_string(pull.window.from) +
         "&daterange%5B%5D=" + std::to_string(pull.window.to) +
         "&fields%5B%5D=E&fields%5B%5D=P&fields%5B%5D=V&fields%5B%5D=I&fields%5B%5D=PF";
}

// One run over one site.
class Run {
 public:
  Run(Host& host, const Settings& settings) : host_(host), fetcher_(host, settings) {}

  IngestResult ingest(const std::string& site, int days) {
    result_.site = fetch_site(fetcher_, host_, site);
    result_.range = host_.final_slots(result_.site.organization, days);
    plan();
    while (const auto outcome = fetcher_.next([this] { return next_job(); }))
      settle(*outcome);
    store();
    result_.requests = fetcher_.requests();
    result_.missing = result_.expected - host_.count_present(result_.site, result_.range);
    return std::move(result_);
  }

 private:
  // A window that was asked for, and what came of it so far.
  struct Asked {
    Window window;
    Pull pull;
  };

  // Queues all windows by time first, then by channel: the order on disk that the BRIN index on
  // readings."timestamp" depends on.
  void plan() {
    const auto& channels = result_.site.channels;
    result_.expected = result_.range.slots() * static_cast<std::int64_t>(channels.size());
    for (const TimeRange& range : cut_windows(result_.range))
      for (const Channel& channel : channels)
        windows_.add({channel.id, range});
  }

  // Makes a job of the next window.
  std::optional<Job> next_job() {
    const auto window = windows_.next();
    if (!window)
      return std::nullopt;
    Job job;
    job.tag = next_tag_++;
    Asked& asked = asked_[job.tag];
    asked.window = *window;
    asked.pull = to_pull(*window);
    job.path = readings_path(asked.pull);
    job.one_try_on_500 = window->is_part;
    job.take = [this, &asked](const HttpResponse& response) { return take(response, asked.pull); };
    return job;
  }

  static Pull to_pull(const Window& window) {
    Pull pull;
    pull.channel_id = window.channel_id;
    pull.window = window.range;
    return pull;
  }

  Verdict take(const HttpResponse& response, Pull& pull) {
    const ReadingsAnswer answer = parse_readings(response.body);
    Verdict verdict = check_answer(answer, pull);
    if (verdict.kind == Verdict::Kind::kAccepted)
      check_records(answer, host_.now(), pull);
    return verdict;
  }

  // Keeps what a window brought, and the windows that are given up as failed pulls.
  void settle(const Outcome& outcome) {
    auto node = asked_.extract(outcome.tag);
    Asked& asked = node.mapped();
    const auto given_up = windows_.ended(asked.window, outcome);
    if (outcome.kind == Outcome::Kind::kDone)
      keep(std::move(asked.pull));
    for (const WindowQueue::GivenUp& failed : given_up) {
      Pull pull = to_pull(failed.window);
      pull.error = failed.reason;
      keep(std::move(pull));
    }
  }

  // Keeps a pull until the next store.
  void keep(Pull pull) {
    ChannelResult& channel = result_.channels[pull.channel_id];
    ++channel.pulls;
    if (pull.failed()) {
      ++channel.failed_pulls;
      if (channel.error.empty())
        channel.error = pull.error;
    }
    waiting_readings_ += pull.readings.size() + pull.rejects.size();
    waiting_.push_back(std::move(pull));
    if (waiting_readings_ >= kStoreAtReadings)
      store();
  }

  void store() {
    const std::vector<std::int64_t> inserted = host_.store(result_.site, waiting_);
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const Pull& pull = waiting_[i];
      const auto readings = static_cast<std::int64_t>(pull.readings.size());
      ++result_.pulls;
      result_.failed_pulls += pull.failed() ? 1 : 0;
      result_.fetched += pull.fetched;
      result_.rejected += static_cast<std::int64_t>(pull.rejects.size());
      result_.inserted += inserted[i];
      result_.duplicates += readings - inserted[i] + pull.repeated;
      result_.channels[pull.channel_id].inserted += inserted[i];
    }
    waiting_.clear();
    waiting_readings_ = 0;
  }

  Host& host_;
  Fetcher fetcher_;
  IngestResult result_;
  WindowQueue windows_;
  std::map<std::uint64_t, Asked> asked_;
  std::vector<Pull> waiting_;
  std::size_t waiting_readings_ = 0;
  std::uint64_t next_tag_ = 0;
};

}  // namespace

const char* IngestResult::status() const {
  if (failed_pulls == 0)
    return "success";
  return failed_pulls < pulls ? "partial" : "failed";
}

void check_ingest_arguments(const std::string& site, int days) {
  constexpr const char* kExample = "For example: SELECT * FROM argo_ingest('23271', 7);";
  const bool is_id = !site.empty() && site.size() <= kMaxSiteIdBytes &&
                     std::all_of(site.begin(), site.end(), [](unsigned char c) {
                       return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
                     });
  if (!is_id)
    throw Error(sqlstate::kInvalidParameter, "invalid site \"" + printable(site, 40) + "\"",
                "A site is the id of an organization of the API: letters, digits, \"-\" and \"_\".",
                kExample);
  if (days < 1 || days > kMaxDays)
    throw Error(sqlstate::kInvalidParameter, "invalid number of days: " + std::to_string(days),
                "It must lie between 1 and " + std::to_string(kMaxDays) + ".", kExample);
}

IngestResult ingest_site(Host& host, const Settings& settings, const std::string& site, int days) {
  check_ingest_arguments(site, days);
  return Run(host, settings).ingest(site, days);
}

}  // namespace argo

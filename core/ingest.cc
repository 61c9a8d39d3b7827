// The rolling sync of one site: list, plan, fetch, check, store.
#include "ingest.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "check.h"
#include "error.h"
#include "fetcher.h"
#include "readings_parser.h"
#include "site.h"
#include "text.h"
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
  struct Window {
    std::int32_t channel_id;
    TimeRange range;
    bool is_part;
  };

  // Queues all windows by time first, then by channel: the order on disk that the BRIN index on
  // readings."timestamp" depends on.
  void plan() {
    const auto& channels = result_.site.channels;
    result_.expected = result_.range.slots() * static_cast<std::int64_t>(channels.size());
    for (const TimeRange& range : cut_windows(result_.range))
      for (const Channel& channel : channels)
        planned_.push_back({channel.id, range, false});
  }

  // Makes a job of the next planned window that is worth asking.
  std::optional<Job> next_job() {
    while (!planned_.empty()) {
      const Window window = planned_.front();
      planned_.pop_front();
      if (refusing_.count(window.channel_id) != 0) {
        Pull pull;
        pull.channel_id = window.channel_id;
        pull.window = window.range;
        pull.error = "not asked: the API refuses even a single day of this channel";
        keep(std::move(pull));
        continue;
      }
      if (window.range.seconds() > accepted_seconds_) {
        split(window);
        continue;
      }
      return to_job(window);
    }
    return std::nullopt;
  }

  Job to_job(const Window& window) {
    Job job;
    job.tag = next_tag_++;
    Pull& pull = asked_[job.tag];
    pull.channel_id = window.channel_id;
    pull.window = window.range;
    job.path = readings_path(pull);
    job.one_try_on_500 = window.is_part;
    job.take = [this, &pull](const HttpResponse& response) { return take(response, pull); };
    return job;
  }

  Verdict take(const HttpResponse& response, Pull& pull) {
    const ReadingsAnswer answer = parse_readings(response.body);
    Verdict verdict = check_answer(answer, pull);
    if (verdict.kind == Verdict::Kind::kAccepted)
      check_records(answer, host_.now(), pull);
    return verdict;
  }

  // Keeps a pull that has ended, or cuts a window that was too large.
  void settle(const Outcome& outcome) {
    const auto node = asked_.extract(outcome.tag);
    Pull& pull = node.mapped();
    if (outcome.kind == Outcome::Kind::kWindowTooLarge) {
      const auto halves = halve(pull.window);
      if (halves && outcome.is_size) {
        accepted_seconds_ = std::min(accepted_seconds_, pull.window.seconds() - 1);
        split({pull.channel_id, pull.window, false});
        return;
      }
      if (halves && refusing_.count(pull.channel_id) == 0) {
        // The API may not like the size, or a day, or the channel: a channel that never answered
        // is tried with one day. The rest waits to see.
        const UnixTime middle =
            has_answered(pull.channel_id) ? halves->second.from : pull.window.from + kDaySeconds;
        planned_.push_front({pull.channel_id, {pull.window.from, middle}, true});
        held_[{pull.channel_id, middle}] = {middle, pull.window.to};
        return;
      }
      if (!has_answered(pull.channel_id))
        refusing_.insert(pull.channel_id);
    }
    if (outcome.kind != Outcome::Kind::kDone)
      pull.error = outcome.reason;
    keep(std::move(pull));
  }

  bool has_answered(std::int32_t channel_id) {
    const ChannelResult& channel = result_.channels[channel_id];
    return channel.failed_pulls < channel.pulls;
  }

  // Plans the halves of a window next.
  void split(const Window& window) {
    const auto halves = halve(window.range);
    planned_.push_front({window.channel_id, halves->second, window.is_part});
    planned_.push_front({window.channel_id, halves->first, window.is_part});
  }

  // Keeps a pull until the next store. What was held behind it is asked now, or has failed with it.
  void keep(Pull pull) {
    // Another window of the channel may have been under way when its first day was refused.
    if (!pull.failed())
      refusing_.erase(pull.channel_id);
    while (const auto held = held_.extract({pull.channel_id, pull.window.to})) {
      if (refusing_.count(pull.channel_id) == 0) {
        planned_.push_front({pull.channel_id, held.mapped(), true});
        break;
      }
      pull.window.to = held.mapped().to;
    }
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
  std::deque<Window> planned_;
  std::map<std::uint64_t, Pull> asked_;
  std::vector<Pull> waiting_;
  std::size_t waiting_readings_ = 0;
  // By channel and start: what waits for the pull before it to end.
  std::map<std::pair<std::int32_t, UnixTime>, TimeRange> held_;
  std::set<std::int32_t> refusing_;  // channels that never answered, not even for a day
  std::int64_t accepted_seconds_ = kWindowDays * kDaySeconds;
  std::uint64_t next_tag_ = 0;
};

}  // namespace

const char* IngestResult::status() const {
  if (failed_pulls == 0)
    return "success";
  return failed_pulls < pulls ? "partial" : "failed";
}

void check_ingest_arguments(const std::string& site, int days) {
  constexpr const char* example = "For example: SELECT * FROM argo_ingest('23271', 7);";
  const bool is_id = !site.empty() && site.size() <= kMaxSiteIdBytes &&
                     std::all_of(site.begin(), site.end(), [](unsigned char c) {
                       return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
                     });
  if (!is_id)
    throw Error(sqlstate::kInvalidParameter, "invalid site \"" + printable(site, 40) + "\"",
                "A site is the id of an organization of the API: letters, digits, \"-\" and \"_\".",
                example);
  if (days < 1 || days > kMaxDays)
    throw Error(sqlstate::kInvalidParameter, "invalid number of days: " + std::to_string(days),
                "It must lie between 1 and " + std::to_string(kMaxDays) + ".", example);
}

IngestResult ingest_site(Host& host, const Settings& settings, const std::string& site, int days) {
  check_ingest_arguments(site, days);
  return Run(host, settings).ingest(site, days);
}

}  // namespace argo

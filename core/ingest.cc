// A run over one site: list, plan, fetch, check, store.
#include "ingest.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "check.h"
#include "error.h"
#include "fetcher.h"
#include "progress.h"
#include "readings_parser.h"
#include "site.h"
#include "text.h"
#include "window_queue.h"
#include "windows.h"

namespace argo {

namespace {

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
  Run(Host& host, const Settings& settings, const IngestRequest& request)
      : host_(host),
        settings_(settings),
        request_(request),
        fetcher_(host, settings),
        progress_(host, std::chrono::steady_clock::now()),
        stored_at_(std::chrono::steady_clock::now()) {}

  IngestResult run() {
    result_.site = fetch_site(fetcher_, host_, request_.site);
    result_.plan = host_.plan(result_.site, request_.plan);
    const auto windows = cover(result_.plan.to_ask, request_.window_days);
    for (const ChannelRange& window : windows) {
      windows_.add({window.channel_id, window.range});
      result_.asked += window.range.slots();
    }
    if (request_.is_dry_run)
      return estimate(static_cast<std::int64_t>(windows.size()));
    progress_.set_planned(result_.asked);
    fetcher_.set_tick([this] { tell(); });
    while (const auto outcome = fetcher_.next([this] { return next_job(); }))
      settle(*outcome);
    store();
    account(host_.finish_storing());
    result_.requests = fetcher_.requests();
    result_.clock_skew_s = fetcher_.clock_skew_s();
    result_.missing = host_.count_missing(result_.plan);
    return std::move(result_);
  }

 private:
  // A window that was asked for, and what came of it so far.
  struct Asked {
    Window window;
    Pull pull;
  };

  // A pull that the host has, until it says what became of it.
  struct HandedOver {
    std::int32_t channel_id;
    std::int64_t readings;  // repeated ones included
  };

  // Says what a run would ask for, and how long it would take at the pace of the lists.
  IngestResult estimate(std::int64_t pulls) {
    const std::int64_t rounds = (pulls + settings_.max_concurrency - 1) / settings_.max_concurrency;
    result_.is_dry_run = true;
    result_.pulls = pulls;
    result_.requests = pulls;
    result_.missing = host_.count_missing(result_.plan);
    result_.estimated_ms = static_cast<double>(rounds) * fetcher_.mean_request_ms();
    return std::move(result_);
  }

  void tell() {
    const auto pause = std::chrono::duration_cast<std::chrono::seconds>(fetcher_.paused_for());
    progress_.tell(std::chrono::steady_clock::now(),
                   pause.count() == 0 ? 0 : host_.now() + pause.count(), fetcher_.pause_reason());
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
      check_records(answer, settings_, host_.now(), pull);
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
    progress_.add(pull.window.slots(), pull.fetched);
    waiting_readings_ += pull.readings.size() + pull.rejects.size();
    waiting_.push_back(std::move(pull));
    const auto waited = std::chrono::steady_clock::now() - stored_at_;
    const bool is_time =
        request_.store_every_s > 0 && waited >= std::chrono::seconds(request_.store_every_s);
    if (waiting_readings_ >= request_.store_at_readings || is_time)
      store();
  }

  // Hands what waits to the host.
  void store() {
    // By time, then channel, however the answers came: the BRIN index depends on it.
    std::sort(waiting_.begin(), waiting_.end(), [](const Pull& a, const Pull& b) {
      return std::pair(a.window.from, a.channel_id) < std::pair(b.window.from, b.channel_id);
    });
    for (const Pull& pull : waiting_) {
      ++result_.pulls;
      result_.failed_pulls += pull.failed() ? 1 : 0;
      result_.fetched += pull.fetched;
      result_.rejected += static_cast<std::int64_t>(pull.rejects.size());
      for (const Reject& reject : pull.rejects)
        ++result_.reject_reasons[reject.reason];
      const auto readings = static_cast<std::int64_t>(pull.readings.size());
      handed_over_.push_back({pull.channel_id, readings + pull.repeated});
    }
    account(host_.store(result_.site, std::exchange(waiting_, {})));
    waiting_readings_ = 0;
    stored_at_ = std::chrono::steady_clock::now();
  }

  // Adds up what became of the pulls that were handed over first.
  void account(const std::vector<Stored>& stored) {
    for (const Stored& one : stored) {
      const HandedOver pull = handed_over_.front();
      handed_over_.pop_front();
      result_.inserted += one.inserted;
      result_.duplicates += pull.readings - one.inserted;
      result_.differing += one.differing;
      result_.corrected += one.corrected;
      result_.channels[pull.channel_id].inserted += one.inserted;
    }
  }

  Host& host_;
  Settings settings_;
  IngestRequest request_;
  Fetcher fetcher_;
  IngestResult result_;
  WindowQueue windows_;
  std::map<std::uint64_t, Asked> asked_;
  std::vector<Pull> waiting_;
  std::size_t waiting_readings_ = 0;
  std::deque<HandedOver> handed_over_;
  ProgressMeter progress_;
  std::chrono::steady_clock::time_point stored_at_;
  std::uint64_t next_tag_ = 0;
};

}  // namespace

const char* IngestResult::status() const {
  if (is_dry_run)
    return "planned";
  if (failed_pulls == 0)
    return "success";
  return failed_pulls < pulls ? "partial" : "failed";
}

std::string failed_pulls_text(const IngestResult& result) {
  return std::to_string(result.failed_pulls) + " of " + std::to_string(result.pulls) +
         " pulls failed";
}

std::string failure_message(const IngestResult& result) {
  return "site " + result.site.organization.id + ": " + failed_pulls_text(result);
}

std::string failure_detail(const IngestResult& result) {
  constexpr int kMaxNamed = 3;
  int named = 0;
  std::string detail;
  for (const auto& [id, channel] : result.channels)
    if (channel.failed_pulls > 0 && ++named <= kMaxNamed)
      detail += "Channel " + std::to_string(id) + ": " + channel.error + ". ";
  if (named > kMaxNamed)
    detail += "And " + std::to_string(named - kMaxNamed) + " more channels. ";
  return detail + "What the other pulls brought is stored.";
}

void check_ingest_request(const IngestRequest& request) {
  constexpr const char* kExample = "For example: SELECT * FROM argo_ingest('23271', 7);";
  const std::string& site = request.site;
  const bool is_id = !site.empty() && site.size() <= kMaxSiteIdBytes &&
                     std::all_of(site.begin(), site.end(), [](unsigned char c) {
                       return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
                     });
  if (!is_id)
    throw Error(sqlstate::kInvalidParameter, "invalid site \"" + printable(site, 40) + "\"",
                "A site is the id of an organization of the API: letters, digits, \"-\" and \"_\".",
                kExample);
  const auto check = [](const char* name, int value, int min, int max) {
    if (value < min || value > max)
      throw Error(
          sqlstate::kInvalidParameter,
          std::string("invalid number of ") + name + ": " + std::to_string(value),
          "It must lie between " + std::to_string(min) + " and " + std::to_string(max) + ".",
          kExample);
  };
  if (request.plan.start_date.empty())
    check("days", request.plan.days, 1, kMaxDays);
  check("lookback_days", request.plan.lookback_days, 0, kMaxDays);
  check("max_catch_up_days", request.plan.max_catch_up_days, 0, kMaxDays);
  check("window_days", request.window_days, 1, kWindowDays);
}

IngestResult run_ingest(Host& host, const Settings& settings, const IngestRequest& request) {
  check_ingest_request(request);
  return Run(host, settings, request).run();
}

}  // namespace argo

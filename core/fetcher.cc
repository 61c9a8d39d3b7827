// Fetches many answers of the API at once, with its retries, its waits and its login, and hands
// each to its taker.
#include "fetcher.h"

#include <curl/curl.h>

#include <algorithm>
#include <random>
#include <utility>

#include "error.h"
#include "text.h"

namespace argo {

namespace {

constexpr int kMaxAttempts = 5;
// The API answers 500 to what it does not like, and rarely likes it later.
constexpr int kMaxAttemptsOn500 = 2;
constexpr int kMaxAttemptsOn429 = 8;

// A run may try again half as often as it asks, and this many times more.
constexpr std::int64_t kMaxRetriesBase = 200;

constexpr std::size_t kMaxReasonBytes = 400;

// After so many failed attempts without one answer between them the API counts as gone, and the
// rest of the run is not asked for.
constexpr int kMaxFailuresInARow = 30;

Outcome failed(const char* sqlstate, std::string reason) {
  return {0, Outcome::Kind::kFailed, false, sqlstate, std::move(reason)};
}

// Of a window too large that is_size tells: surely so; else a smaller one may do, or none.
Outcome too_large(const char* sqlstate, std::string reason, bool is_size) {
  return {0, Outcome::Kind::kWindowTooLarge, is_size, sqlstate, std::move(reason)};
}

// Returns what the answer's Retry-After says, by the API's own clock where it told the time.
std::optional<Milliseconds> retry_after(const HttpResponse& response, UnixTime now) {
  const std::time_t date = curl_getdate(response.header("date").c_str(), nullptr);
  return parse_retry_after(response.header("retry-after"),
                           date == -1 ? now : static_cast<UnixTime>(date));
}

}  // namespace

Fetcher::Fetcher(Host& host, const Settings& settings)
    : host_(host),
      settings_(settings),
      base_(api_base(settings)),
      session_(settings),
      http_(settings),
      backoff_(std::random_device{}()),
      bucket_(settings.requests_per_second, Clock::now()),
      give_up_at_(Clock::now() + Milliseconds(settings.run_timeout_ms)) {}

void Fetcher::submit(Job job) {
  waiting_.emplace_back().job = std::move(job);
}

std::optional<Outcome> Fetcher::next(const Source& more) {
  while (true) {
    if (host_.stop_requested())
      throw Cancelled();
    if (Clock::now() > give_up_at_ && !halted_)
      halt(sqlstate::kIncomplete, "the run's time is up, see run_timeout_ms");
    if (!ended_.empty()) {
      Outcome outcome = std::move(ended_.front());
      ended_.pop_front();
      return outcome;
    }
    start_what_may_start(more);
    if (!ended_.empty())
      continue;
    if (under_way_.empty() && waiting_.empty()) {
      // The rate, not the source, may have held back what comes next.
      auto job = more ? more() : std::nullopt;
      if (!job)
        return std::nullopt;
      submit(std::move(*job));
    }
    if (tick_)
      tick_();
    for (auto& [id, response] : http_.poll(wait_ms())) {
      auto node = under_way_.extract(id);
      judge(std::move(node.mapped()), response);
    }
  }
}

Milliseconds Fetcher::paused_for() const {
  return std::chrono::ceil<Milliseconds>(
      std::max(paused_until_ - Clock::now(), Clock::duration::zero()));
}

void Fetcher::halt(const std::string& sqlstate, const std::string& reason) {
  halted_ = failed(sqlstate.c_str(), "not asked: " + reason);
}

void Fetcher::start_what_may_start(const Source& more) {
  const Clock::time_point now = Clock::now();
  if (halted_) {
    while (auto entry = take_due(Clock::time_point::max(), more))
      end(*entry, *halted_);
    return;
  }
  while (now >= paused_until_) {
    if (under_way_.size() >= room() || !bucket_.has_token(now))
      return;
    auto entry = take_due(now, more);
    if (!entry)
      return;
    bucket_.take();
    start(std::move(*entry));
  }
}

// Takes the next job that may be asked at `now`: one that waits, else a new one.
std::optional<Fetcher::Entry> Fetcher::take_due(Clock::time_point now, const Source& more) {
  const auto due = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const Entry& entry) { return entry.not_before <= now; });
  if (due != waiting_.end()) {
    Entry entry = std::move(*due);
    waiting_.erase(due);
    return entry;
  }
  if (!more)
    return std::nullopt;
  auto job = more();
  if (!job)
    return std::nullopt;
  Entry entry;
  entry.job = std::move(*job);
  return entry;
}

void Fetcher::start(Entry entry) {
  entry.attempts++;
  entry.headers = session_.headers();
  entry.started_at = Clock::now();
  const std::uint64_t id = next_id_++;
  http_.start(id, {base_ + entry.job.path, entry.headers});
  under_way_.emplace(id, std::move(entry));
  ++requests_;
}

// Returns how many requests may be under way at one time.
std::size_t Fetcher::room() const {
  return session_.needs_login() ? 1 : static_cast<std::size_t>(settings_.max_concurrency);
}

// Returns how long the next poll may sleep without missing a stop or a retry that comes due.
int Fetcher::wait_ms() const {
  Clock::time_point due = Clock::now() + Milliseconds(kStopPollMs);
  if (under_way_.size() < room())
    for (const Entry& entry : waiting_)
      due = std::min(due, std::max({entry.not_before, paused_until_, bucket_.next_token()}));
  const auto wait = std::chrono::ceil<Milliseconds>(due - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 1, kStopPollMs));
}

void Fetcher::judge(Entry entry, const HttpResponse& response) {
  if (response.status == 200 && response.ok()) {
    clock_skew_.add(response.header("date"), ClockSkew::Clock::now(),
                    Clock::now() - entry.started_at);
    const Verdict verdict = entry.job.take(response);
    // A login page with 200 is no login.
    if (verdict.kind != Verdict::Kind::kRetry)
      session_.accepted(entry.headers, response);
    switch (verdict.kind) {
      case Verdict::Kind::kAccepted:
        failures_in_a_row_ = 0;
        answered_ms_ +=
            std::chrono::duration<double, std::milli>(Clock::now() - entry.started_at).count();
        ++answered_;
        return end(entry, {});
      case Verdict::Kind::kWindowTooLarge:
        failures_in_a_row_ = 0;
        return end(entry, too_large(sqlstate::kBadResponse, verdict.reason, true));
      case Verdict::Kind::kRefused:
        return end(entry, failed(sqlstate::kBadResponse, verdict.reason));
      case Verdict::Kind::kRetry:
        return retry(std::move(entry), kMaxAttempts, std::nullopt,
                     failed(sqlstate::kBadResponse, verdict.reason));
    }
  }
  // A refusal counts even where its body is cut off: a refused login must not be repeated.
  if (response.ok() || response.status >= 300)
    return judge_status(std::move(entry), response);
  const std::string reason =
      response.transport_error + " (" + settings_.url + ", " + response.timings + ")";
  if (response.too_large)
    return end(entry, too_large(sqlstate::kTooLarge, reason, true));
  if (response.untrusted)
    return end(entry, failed(sqlstate::kUnreachable, reason));
  const char* code = response.status == 0 ? sqlstate::kUnreachable : sqlstate::kConnectionLost;
  retry(std::move(entry), kMaxAttempts, std::nullopt, failed(code, reason));
}

void Fetcher::judge_status(Entry entry, const HttpResponse& response) {
  const std::string reason = session_.describe(response);
  switch (response.status) {
    case 401:
    case 419:
      if (session_.refused(entry.headers))
        return retry(std::move(entry), kMaxAttempts, Milliseconds(0),
                     failed(sqlstate::kLoginRefused, reason));
      halt(sqlstate::kLoginRefused, "the login was refused");
      return end(entry, failed(sqlstate::kLoginRefused, reason));
    case 402:
      halt(sqlstate::kSubscription, "the API's subscription has expired");
      return end(entry, failed(sqlstate::kSubscription, reason));
    case 403:
      return end(entry, failed(sqlstate::kNoRights, reason));
    case 400:
    case 413:
      return end(entry, too_large(sqlstate::kBadResponse, reason, response.status == 413));
    case 429:
      return retry(std::move(entry), kMaxAttemptsOn429, retry_after(response, host_.now()),
                   failed(sqlstate::kRateLimited, reason));
    case 500: {
      const int max_attempts = entry.job.one_try_on_500 ? 1 : kMaxAttemptsOn500;
      return retry(std::move(entry), max_attempts, std::nullopt,
                   too_large(sqlstate::kBadResponse, reason, false));
    }
    default:
      break;
  }
  if (response.status > 500 || response.status == 408)
    return retry(std::move(entry), kMaxAttempts, retry_after(response, host_.now()),
                 failed(sqlstate::kUnreachable, reason));
  end(entry, failed(sqlstate::kBadResponse, reason));
}

// Queues the job again after a wait, or ends it with this failure where it was tried often enough.
// `asked_wait` is the API's own wish.
void Fetcher::retry(Entry entry, int max_attempts, std::optional<Milliseconds> asked_wait,
                    Outcome failure) {
  // 429 and 500 are answers: the API is there.
  const bool is_limit = failure.sqlstate == sqlstate::kRateLimited;
  const bool answered = is_limit || failure.kind == Outcome::Kind::kWindowTooLarge;
  failures_in_a_row_ = answered ? 0 : failures_in_a_row_ + 1;
  if (failures_in_a_row_ >= kMaxFailuresInARow)
    halt(failure.sqlstate, "the API fails throughout, at last with: " + failure.reason);
  if (halted_ || entry.attempts >= max_attempts) {
    failure.reason += ", after " + std::to_string(entry.attempts) +
                      (entry.attempts == 1 ? " attempt" : " attempts");
    return end(entry, std::move(failure));
  }
  if (++retries_ > kMaxRetriesBase + requests_ / 2) {
    halt(failure.sqlstate, "too much had to be tried again, at last for: " + failure.reason);
    return end(entry, std::move(failure));
  }
  const int rounds = failures_in_a_row_ / settings_.max_concurrency;
  const Milliseconds wait =
      asked_wait.value_or(backoff_.wait_after(std::max(entry.attempts, rounds)));
  entry.not_before = Clock::now() + wait;
  // A limit is the account's, and where nothing goes through it is not this request's fault either.
  if ((is_limit || asked_wait || rounds > 0) && entry.not_before > paused_until_) {
    paused_until_ = entry.not_before;
    pause_reason_ = is_limit ? "rate limited" : printable(session_.redact(failure.reason), 120);
  }
  host_.log(LogLevel::kDebug,
            session_.redact("retrying " + entry.job.path + ": " + failure.reason));
  waiting_.push_back(std::move(entry));
}

void Fetcher::end(const Entry& entry, Outcome outcome) {
  outcome.tag = entry.job.tag;
  outcome.reason = printable(session_.redact(std::move(outcome.reason)), kMaxReasonBytes);
  ended_.push_back(std::move(outcome));
}

}  // namespace argo

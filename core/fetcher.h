// Fetches many answers of the API at once, with its retries, its waits and its login, and hands
// each to its taker.
#ifndef ARGO_CORE_FETCHER_H_
#define ARGO_CORE_FETCHER_H_

#include "host_free.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "clock_skew.h"
#include "host.h"
#include "http.h"
#include "retry.h"
#include "session.h"
#include "settings.h"

namespace argo {

// What a taker says of an answer that came with status 200.
struct Verdict {
  enum class Kind : std::uint8_t {
    kAccepted,
    kRetry,           // broken: another try may bring a whole one
    kWindowTooLarge,  // right as far as it goes, but a smaller window must be asked
    kRefused,         // no other try will help
  };
  Kind kind = Kind::kAccepted;
  std::string reason;
};

struct Job {
  std::uint64_t tag = 0;  // the caller's name for it
  std::string path;       // with query, after the API's address
  std::function<Verdict(const HttpResponse&)> take;
  bool one_try_on_500 = false;  // for a window that failed so when it was larger
};

// How a job ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    kDone,
    kWindowTooLarge,  // 400, 413, 500 or the taker's word: a smaller window may do
    kFailed,
  };
  std::uint64_t tag = 0;
  Kind kind = Kind::kDone;
  bool is_size =
      false;  // with kWindowTooLarge: surely for its size, not by a 400 or 500 for it all
  std::string sqlstate;  // unless done
  std::string reason;    // unless done; without secrets, safe to show
};

class Fetcher {
 public:
  Fetcher(Host& host, const Settings& settings);

  // Gives the next job, or nothing where there is none for now.
  using Source = std::function<std::optional<Job>()>;

  // Queues a job.
  void submit(Job job);

  // Waits until a job has ended, retries included, and returns how; nothing once all have. Where
  // there is room for more it takes jobs from `more`. Throws Cancelled within 50 ms of the host's
  // wish.
  std::optional<Outcome> next(const Source& more = {});

  // Called while next() waits, every 50 ms or more often.
  void set_tick(std::function<void()> tick) { tick_ = std::move(tick); }

  // Returns for how long no request may be started, by the API's wish or while nothing goes
  // through.
  Milliseconds paused_for() const;
  const std::string& pause_reason() const { return pause_reason_; }

  // Returns how long an answered request took on average, in milliseconds.
  double mean_request_ms() const { return answered_ == 0 ? 0 : answered_ms_ / answered_; }

  // Returns the API's time less this machine's, in seconds, by the answers with status 200; nothing
  // where none told the time.
  std::optional<double> clock_skew_s() const { return clock_skew_.seconds(); }

  // Ends what is queued without asking, each job failing for this reason.
  void halt(const std::string& sqlstate, const std::string& reason);

  // Returns how many requests were sent so far, retries included.
  std::int64_t requests() const { return requests_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Job job;
    int attempts = 0;
    Clock::time_point not_before;
    std::vector<std::string> headers;  // of the attempt under way
    Clock::time_point started_at;
  };

  void start_what_may_start(const Source& more);
  std::optional<Entry> take_due(Clock::time_point now, const Source& more);
  void start(Entry entry);
  std::size_t room() const;
  int wait_ms() const;
  void judge(Entry entry, const HttpResponse& response);
  void judge_status(Entry entry, const HttpResponse& response);
  void retry(Entry entry, int max_attempts, std::optional<Milliseconds> asked_wait,
             Outcome failure);
  void end(const Entry& entry, Outcome outcome);

  Host& host_;
  Settings settings_;
  std::string base_;
  Session session_;
  HttpClient http_;
  Backoff backoff_;
  TokenBucket bucket_;
  Clock::time_point give_up_at_;
  std::deque<Entry> waiting_;
  std::map<std::uint64_t, Entry> under_way_;
  std::deque<Outcome> ended_;
  Clock::time_point paused_until_;
  std::string pause_reason_;
  std::function<void()> tick_;
  ClockSkew clock_skew_;
  double answered_ms_ = 0;
  int answered_ = 0;
  std::optional<Outcome> halted_;
  std::uint64_t next_id_ = 1;
  std::int64_t requests_ = 0;
  std::int64_t retries_ = 0;
  int failures_in_a_row_ = 0;
};

}  // namespace argo

#endif  // ARGO_CORE_FETCHER_H_

// Says how long to wait before a request is tried again.
#ifndef ARGO_CORE_RETRY_H_
#define ARGO_CORE_RETRY_H_

#include "host_free.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "model.h"

namespace argo {

using Milliseconds = std::chrono::milliseconds;

// No wait is longer than this, whatever Retry-After says.
inline constexpr Milliseconds kMaxRetryWait{60'000};

// Reads a Retry-After header, seconds or an HTTP date; `now` is the API's own clock where it sent a
// Date. Returns nothing for what is neither or lies in the past; caps at kMaxRetryWait.
std::optional<Milliseconds> parse_retry_after(const std::string& value, UnixTime now);

// Exponential back-off with jitter, so that clients that failed together do not return together.
class Backoff {
 public:
  explicit Backoff(std::uint32_t seed) : random_(seed) {}

  // Returns the wait after the given failed attempt (1, 2, ...): half to all of 0.25 s * 2^attempt.
  Milliseconds wait_after(int attempt);

 private:
  std::minstd_rand random_;
};

// A token bucket: at most `per_second` takes a second, bursts up to one second's worth.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  // With per_second = 0 there is always a token.
  TokenBucket(double per_second, Clock::time_point now)
      : per_second_(per_second), tokens_(capacity()), refilled_at_(now) {}

  // Says whether there is a token at `now`.
  bool has_token(Clock::time_point now);

  // Returns when there is a token, or was, if none is taken before.
  Clock::time_point next_token() const;

  // Takes a token that has_token() saw.
  void take() { tokens_ -= 1; }

 private:
  double capacity() const { return per_second_ < 1 ? 1 : per_second_; }

  double per_second_;
  double tokens_;
  Clock::time_point refilled_at_;
};

}  // namespace argo

#endif  // ARGO_CORE_RETRY_H_

// Says how long to wait before a request is tried again.
#include "retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace argo {

std::optional<Milliseconds> parse_retry_after(const std::string& value, UnixTime now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc::result_out_of_range)
    return value.front() == '-' ? std::nullopt : std::optional(kMaxRetryWait);
  if (error != std::errc() || end != value.data() + value.size()) {
    const std::time_t date = curl_getdate(value.c_str(), nullptr);
    if (value.empty() || date == -1)
      return std::nullopt;
    seconds = date - now;
  }
  if (seconds < 0)
    return std::nullopt;
  const std::int64_t cap = std::chrono::duration_cast<std::chrono::seconds>(kMaxRetryWait).count();
  return Milliseconds(1000 * std::min(seconds, cap));
}

Milliseconds Backoff::wait_after(int attempt) {
  const double full_ms = 250.0 * std::exp2(std::min(attempt, 16));
  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  return std::min(kMaxRetryWait, Milliseconds(std::llround(full_ms * share)));
}

bool TokenBucket::has_token(Clock::time_point now) {
  const std::chrono::duration<double> passed = now - refilled_at_;
  tokens_ = std::min(capacity(), tokens_ + passed.count() * per_second_);
  refilled_at_ = now;
  return per_second_ <= 0 || tokens_ >= 1;
}

TokenBucket::Clock::time_point TokenBucket::next_token() const {
  if (per_second_ <= 0 || tokens_ >= 1)
    return refilled_at_;
  const std::chrono::duration<double> wait((1 - tokens_) / per_second_);
  return refilled_at_ + std::chrono::ceil<Clock::duration>(wait);
}

}  // namespace argo

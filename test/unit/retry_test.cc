// Tests of how long a request waits before it is tried again.
#include "core/retry.h"

#include <gtest/gtest.h>

#include <set>

namespace argo {
namespace {

constexpr UnixTime kDate = 1792567680;  // Wed, 21 Oct 2026 07:28:00 GMT
constexpr char kDateText[] = "Wed, 21 Oct 2026 07:28:00 GMT";

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(parse_retry_after("0", kDate), Milliseconds(0));
  EXPECT_EQ(parse_retry_after("7", kDate), Milliseconds(7000));
  EXPECT_EQ(parse_retry_after("007", kDate), Milliseconds(7000));
}

TEST(RetryAfter, ReadsADate) {
  EXPECT_EQ(parse_retry_after(kDateText, kDate - 5), Milliseconds(5000));
  EXPECT_EQ(parse_retry_after(kDateText, kDate), Milliseconds(0));
  EXPECT_EQ(parse_retry_after("Wednesday, 21-Oct-26 07:28:00 GMT", kDate - 5), Milliseconds(5000));
}

TEST(RetryAfter, CapsWhatIsTooLong) {
  EXPECT_EQ(parse_retry_after("61", kDate), kMaxRetryWait);
  EXPECT_EQ(parse_retry_after("9223372036854775807", kDate), kMaxRetryWait);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", kDate), kMaxRetryWait);
  EXPECT_EQ(parse_retry_after(kDateText, kDate - 86400), kMaxRetryWait);
}

TEST(RetryAfter, PassesOverThePastAndGarbage) {
  for (const char* text : {"", "-1", "-99999999999999999999999", "soon", "1.5", "5x", "5 s", "0x10",
                           "+5", "NaN", "1, 2", "\xFF\xFE"})
    EXPECT_EQ(parse_retry_after(text, kDate), std::nullopt) << text;
  EXPECT_EQ(parse_retry_after(kDateText, kDate + 1), std::nullopt);
}

TEST(Backoff, GrowsWithinItsBoundsUpToTheCap) {
  Backoff backoff(42);
  for (int round = 0; round < 100; ++round)
    for (int attempt = 1; attempt <= 40; ++attempt) {
      const auto wait = backoff.wait_after(attempt);
      const double full = 250.0 * static_cast<double>(1LL << std::min(attempt, 30));
      EXPECT_LE(wait, kMaxRetryWait);
      EXPECT_LE(static_cast<double>(wait.count()), full + 1);
      EXPECT_GE(wait, std::min(kMaxRetryWait,
                               Milliseconds(static_cast<int>(std::min(full / 2, 60000.0)))));
    }
}

TEST(Backoff, HasJitter) {
  Backoff backoff(42);
  std::set<Milliseconds> waits;
  for (int round = 0; round < 20; ++round)
    waits.insert(backoff.wait_after(3));
  EXPECT_GT(waits.size(), 10U);
}

class TokenBucketTest : public ::testing::Test {
 protected:
  using Time = TokenBucket::Clock::time_point;

  // Takes whatever there is at this time; returns how much that was, up to 100.
  static int drain(TokenBucket& bucket, Time now) {
    int taken = 0;
    for (; taken < 100 && bucket.has_token(now); ++taken)
      bucket.take();
    return taken;
  }

  const Time start_{std::chrono::hours(1000)};
};

TEST_F(TokenBucketTest, RefillsAtItsRateAndHoldsOneSecondsWorth) {
  TokenBucket bucket(5, start_);
  EXPECT_EQ(drain(bucket, start_), 5);
  EXPECT_EQ(drain(bucket, start_ + Milliseconds(199)), 0);
  EXPECT_EQ(drain(bucket, start_ + Milliseconds(201)), 1);
  EXPECT_EQ(drain(bucket, start_ + Milliseconds(801)), 3);
  EXPECT_EQ(drain(bucket, start_ + std::chrono::hours(10)), 5);
}

TEST_F(TokenBucketTest, WorksBelowOneASecond) {
  TokenBucket bucket(0.5, start_);
  EXPECT_EQ(drain(bucket, start_), 1);
  EXPECT_EQ(drain(bucket, start_ + Milliseconds(1900)), 0);
  EXPECT_EQ(drain(bucket, start_ + Milliseconds(2001)), 1);
  EXPECT_EQ(drain(bucket, start_ + std::chrono::hours(1)), 1);
}

TEST_F(TokenBucketTest, KeepsItsRateWhenAskedOften) {
  TokenBucket bucket(10, start_);
  int taken = 0;
  for (int ms = 0; ms < 10000; ms += 3)
    taken += drain(bucket, start_ + Milliseconds(ms));
  EXPECT_NEAR(taken, 10 + 100, 1);
}

TEST_F(TokenBucketTest, IsNoBoundAtZero) {
  TokenBucket bucket(0, start_);
  EXPECT_EQ(drain(bucket, start_), 100);
  EXPECT_EQ(drain(bucket, start_), 100);
}

}  // namespace
}  // namespace argo

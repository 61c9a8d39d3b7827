// Tests of how a range of time is cut into windows, and a window in two.
#include "core/windows.h"

#include <gtest/gtest.h>

namespace argo {
namespace {

constexpr UnixTime kMidnight = 1'772'082'000;  // 00:00 in New York

TEST(Cover, CoversARangeWithoutGapOrOverlap) {
  for (const std::int64_t slots : {1, 95, 96, 97, 672, 673, 672 * 13 + 5}) {
    const TimeRange range{kMidnight, kMidnight + slots * kSlotSeconds};
    UnixTime at = range.from;
    for (const auto& [channel_id, window] : cover({{7, range}}, kWindowDays)) {
      EXPECT_EQ(window.from, at);
      EXPECT_GT(window.to, window.from);
      EXPECT_LE(window.seconds(), kWindowDays * kDaySeconds);
      at = window.to;
    }
    EXPECT_EQ(at, range.to);
  }
}

TEST(Cover, CoversTimesBefore1970) {
  const UnixTime from = -10 * kDaySeconds;
  const auto windows = cover({{7, {from, kDaySeconds}}, {8, {from, from + kSlotSeconds}}}, 7);
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(windows[0].range.from, from);
  EXPECT_EQ(windows[0].range.to, -3 * kDaySeconds);
  EXPECT_EQ(windows[1].channel_id, 8);
  EXPECT_EQ(windows[1].range.seconds(), kSlotSeconds);
  EXPECT_EQ(windows[2].range.to, kDaySeconds);
}

TEST(Cover, CoversNothingByNothing) {
  EXPECT_TRUE(cover({}, 7).empty());
  EXPECT_TRUE(cover({{7, {kMidnight, kMidnight}}}, 7).empty());
}

TEST(Cover, JoinsTheGapsOfAWindow) {
  const auto hour = [](int from, int to) {
    return TimeRange{kMidnight + from * 3600, kMidnight + to * 3600};
  };
  const auto windows =
      cover({{7, hour(30, 31)}, {7, hour(1, 2)}, {8, hour(1, 2)}, {7, hour(160, 180)}}, 7);
  ASSERT_EQ(windows.size(), 3U);
  // By time first: a week from the first gap of channel 7, then channel 8, then the rest of 7.
  EXPECT_EQ(windows[0].channel_id, 7);
  EXPECT_EQ(windows[0].range.from, hour(1, 0).from);
  EXPECT_EQ(windows[0].range.to, hour(0, 169).to);
  EXPECT_EQ(windows[1].channel_id, 8);
  EXPECT_EQ(windows[1].range.seconds(), 3600);
  EXPECT_EQ(windows[2].range.from, hour(169, 0).from);
  EXPECT_EQ(windows[2].range.to, hour(0, 180).to);
}

TEST(Halve, GoesDownToOneDay) {
  EXPECT_FALSE(halve({kMidnight, kMidnight + kDaySeconds}));
  EXPECT_FALSE(halve({kMidnight, kMidnight + 900}));
  for (const std::int64_t slots : {97, 191, 192, 193, 600, 672}) {
    const TimeRange window{kMidnight, kMidnight + slots * kSlotSeconds};
    const auto halves = halve(window);
    ASSERT_TRUE(halves) << slots;
    EXPECT_EQ(halves->first.from, window.from);
    EXPECT_EQ(halves->first.to, halves->second.from);
    EXPECT_EQ(halves->second.to, window.to);
    EXPECT_EQ(halves->first.seconds() % kDaySeconds, 0);
    EXPECT_GT(halves->first.seconds(), 0);
    EXPECT_GT(halves->second.seconds(), 0);
  }
}

TEST(TimeRange, CountsSlots) {
  EXPECT_EQ((TimeRange{kMidnight, kMidnight + kDaySeconds}).slots(), 96);
  EXPECT_EQ((TimeRange{kMidnight, kMidnight}).slots(), 0);
}

}  // namespace
}  // namespace argo

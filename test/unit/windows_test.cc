// Tests of how a range of time is cut into windows, and a window in two.
#include "core/windows.h"

#include <gtest/gtest.h>

namespace argo {
namespace {

constexpr UnixTime kMidnight = 1'772'082'000;  // 00:00 in New York

TEST(CutWindows, CoversTheRangeWithoutGapOrOverlap) {
  for (const std::int64_t slots : {1, 95, 96, 97, 672, 673, 672 * 13 + 5}) {
    const TimeRange range{kMidnight, kMidnight + slots * kSlotSeconds};
    UnixTime at = range.from;
    for (const TimeRange& window : cut_windows(range)) {
      EXPECT_EQ(window.from, at);
      EXPECT_GT(window.to, window.from);
      EXPECT_LE(window.seconds(), kWindowDays * kDaySeconds);
      at = window.to;
    }
    EXPECT_EQ(at, range.to);
  }
}

TEST(CutWindows, CutsNothingFromNothing) {
  EXPECT_TRUE(cut_windows({kMidnight, kMidnight}).empty());
  EXPECT_TRUE(cut_windows({kMidnight, kMidnight - 900}).empty());
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

// Checks clock changes, and that load profiles follow them.
#include "zone.h"

#include <gtest/gtest.h>

#include "meter.h"

namespace argo::sim {
namespace {

const Zone new_york{"America/New_York", ZoneRule::kUnitedStates, -18000};
const Zone london{"Europe/London", ZoneRule::kEurope, 0};
const Zone lord_howe{"Australia/Lord_Howe", ZoneRule::kLordHowe, 37800};

TEST(Zone, NewYorkChangesAtBothEnds) {
  EXPECT_EQ(offset_span(new_york, 1741503599).offset, -18000);  // 2025-03-09 06:59:59Z
  EXPECT_EQ(offset_span(new_york, 1741503600).offset, -14400);
  EXPECT_EQ(offset_span(new_york, 1762063199).offset, -14400);  // 2025-11-02 05:59:59Z
  EXPECT_EQ(offset_span(new_york, 1762063200).offset, -18000);
}

TEST(Zone, LondonChangesAtBothEnds) {
  EXPECT_EQ(offset_span(london, 1743296399).offset, 0);  // 2025-03-30 00:59:59Z
  EXPECT_EQ(offset_span(london, 1743296400).offset, 3600);
  EXPECT_EQ(offset_span(london, 1761440399).offset, 3600);  // 2025-10-26 00:59:59Z
  EXPECT_EQ(offset_span(london, 1761440400).offset, 0);
}

TEST(Zone, LordHoweChangesByHalfAnHour) {
  EXPECT_EQ(offset_span(lord_howe, 1743865199).offset, 39600);  // 2025-04-05 14:59:59Z
  EXPECT_EQ(offset_span(lord_howe, 1743865200).offset, 37800);
  EXPECT_EQ(offset_span(lord_howe, 1759591799).offset, 37800);  // 2025-10-04 15:29:59Z
  EXPECT_EQ(offset_span(lord_howe, 1759591800).offset, 39600);
}

TEST(Zone, SpansMeet) {
  for (const Zone& zone : {new_york, london, lord_howe}) {
    OffsetSpan span = offset_span(zone, 1704067200);
    for (int i = 0; i < 8; ++i) {
      const OffsetSpan next = offset_span(zone, span.to);
      EXPECT_EQ(next.from, span.to) << zone.name;
      EXPECT_NE(next.offset, span.offset) << zone.name;
      span = next;
    }
  }
}

TEST(Zone, MidnightIsLocal) {
  EXPECT_EQ(local_midnight(new_york, {2025, 3, 9}), 1741496400);   // 05:00Z
  EXPECT_EQ(local_midnight(new_york, {2025, 3, 10}), 1741579200);  // 04:00Z
  EXPECT_EQ(local_midnight(new_york, {2025, 11, 3}), 1762146000);  // 05:00Z
  EXPECT_EQ(civil_from_days(days_from_civil({2024, 2, 29})).day, 29);
}

// The exhaust fans switch on at 06:00 local time, on either side of a clock change.
TEST(Zone, ProfilesFollowTheLocalClock) {
  const Catalog catalog;
  const ChannelRef fans = catalog.channel(59164);
  Meter meter(1, *fans.site, *fans.channel);
  for (const int64_t six : {1741345200, 1741600800}) {  // Friday 7th 11:00Z, Monday 10th 10:00Z
    EXPECT_EQ(meter.measure(six - 900, six).nano_wh, 0);
    EXPECT_GT(meter.measure(six, six + 900).nano_wh, 0);
  }
}

}  // namespace
}  // namespace argo::sim

// Tests of what is new, and what differs, beside what is stored.
#include "core/delta.h"

#include <gtest/gtest.h>

#include <limits>

namespace argo {
namespace {

constexpr float kNull = std::numeric_limits<float>::quiet_NaN();

Reading at(UnixTime ts, float energy_kwh, float power_kw = 1) {
  Reading reading;
  reading.ts = ts;
  reading.values.fill(kNull);
  reading.values[0] = energy_kwh;
  reading.values[1] = power_kw;
  return reading;
}

TEST(Compare, TakesAllWhereNothingIsStored) {
  const Delta delta = compare({at(0, 1), at(900, 2)}, {});
  EXPECT_EQ(delta.fresh.size(), 2U);
  EXPECT_TRUE(delta.differing.empty());
}

TEST(Compare, TellsNewFromSameFromDiffering) {
  const Delta delta = compare({at(0, 1), at(900, 2), at(1800, 3), at(2700, 4)},
                              {at(900, 2), at(1800, 9), at(3600, 1)});
  ASSERT_EQ(delta.fresh.size(), 2U);
  EXPECT_EQ(delta.fresh[0].ts, 0);
  EXPECT_EQ(delta.fresh[1].ts, 2700);
  ASSERT_EQ(delta.differing.size(), 1U);
  EXPECT_EQ(delta.differing[0].ts, 1800);
}

TEST(Compare, NeverTakesANullForADifferentValue) {
  EXPECT_TRUE(compare({at(0, kNull)}, {at(0, 5)}).differing.empty());
  EXPECT_EQ(compare({at(0, 5)}, {at(0, kNull)}).differing.size(), 1U);
  EXPECT_TRUE(compare({at(0, kNull)}, {at(0, kNull)}).differing.empty());
}

}  // namespace
}  // namespace argo

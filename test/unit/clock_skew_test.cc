// Tests of how the API's clock is compared with this machine's.
#include "core/clock_skew.h"

#include <gtest/gtest.h>

namespace argo {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kNoonText[] = "Wed, 21 Oct 2026 07:28:00 GMT";
const ClockSkew::Clock::time_point kNoon{seconds(1792567680)};
constexpr double kHalf = 0.5;  // what a Date lacks on average

TEST(ClockSkew, IsNotKnownWithoutADate) {
  ClockSkew skew;
  EXPECT_FALSE(skew.seconds());
  for (const char* date : {"", " ", "0", "-1", "banana", "Wed, 99 Oct 2026 07:28:00 GMT"})
    skew.add(date, kNoon, seconds(0));
  EXPECT_FALSE(skew.seconds());
}

TEST(ClockSkew, IsTheApisTimeLessOurs) {
  ClockSkew ahead;
  ahead.add(kNoonText, kNoon - seconds(90), seconds(0));
  EXPECT_NEAR(*ahead.seconds(), 90 + kHalf, 1e-6);
  ClockSkew behind;
  behind.add(kNoonText, kNoon + seconds(90), seconds(0));
  EXPECT_NEAR(*behind.seconds(), -90 + kHalf, 1e-6);
}

TEST(ClockSkew, CountsFromTheMiddleOfTheRequest) {
  ClockSkew skew;
  skew.add(kNoonText, kNoon + seconds(4), milliseconds(8500));
  EXPECT_NEAR(*skew.seconds(), 0.25 + kHalf, 1e-6);
}

TEST(ClockSkew, KeepsTheNearestToZero) {
  ClockSkew skew;
  skew.add(kNoonText, kNoon + seconds(120), seconds(0));
  skew.add(kNoonText, kNoon + seconds(60), seconds(0));
  skew.add("banana", kNoon, seconds(0));
  skew.add(kNoonText, kNoon + seconds(3600), seconds(0));
  EXPECT_NEAR(*skew.seconds(), -60 + kHalf, 1e-6);
}

}  // namespace
}  // namespace argo

// Tests of how the report writes numbers, money and times.
#include "core/report_number.h"

#include <gtest/gtest.h>

#include "core/report_time.h"

namespace argo::report {
namespace {

const std::string space = "\xC2\xA0";
const std::string minus = "\xE2\x88\x92";
const std::string dash = "\xE2\x80\x93";

TEST(Number, HasThousandsSeparatorsAndATrueMinus) {
  EXPECT_EQ(grouped(0, 0), "0");
  EXPECT_EQ(grouped(999.4, 0), "999");
  EXPECT_EQ(grouped(999.5, 0), "1,000");
  EXPECT_EQ(grouped(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(grouped(-1234.5, 1), minus + "1,234.5");
  EXPECT_EQ(grouped(-0.0, 1), "0.0");
  EXPECT_EQ(grouped(-0.04, 1), "0.0");
  EXPECT_EQ(grouped(1e300, 0), "1.00e+300");
}

TEST(Number, HasTheDecimalsThatItsSizeDeserves) {
  EXPECT_EQ(rounded(0.0), "0");
  EXPECT_EQ(rounded(0.123), "0.12");
  EXPECT_EQ(rounded(9.994), "9.99");
  EXPECT_EQ(rounded(9.996), "10.0");
  EXPECT_EQ(rounded(99.94), "99.9");
  EXPECT_EQ(rounded(99.96), "100");
  EXPECT_EQ(rounded(12345.6), "12,346");
  EXPECT_EQ(rounded(std::nullopt), dash);
  EXPECT_EQ(quantity(12.34, "kWh"), "12.3" + space + "kWh");
  EXPECT_EQ(quantity(std::nullopt, "kWh"), dash);
}

TEST(Number, CountsInWords) {
  EXPECT_EQ(counted(1, "meter"), "1" + space + "meter");
  EXPECT_EQ(counted(1200, "meter"), "1,200" + space + "meters");
  EXPECT_EQ(counted(2, "stretch", "stretches"), "2" + space + "stretches");
}

TEST(Percent, IsNeverRoundedToAllOrNothing) {
  EXPECT_EQ(percent(100), "100%");
  EXPECT_EQ(percent(99.999), "99.9%");
  EXPECT_EQ(percent(0), "0%");
  EXPECT_EQ(percent(0.01), "under 0.1%");
  EXPECT_EQ(percent(45.06), "45.1%");
  EXPECT_EQ(percent(std::nullopt), dash);
}

TEST(Percent, ShowsWhereItGoes) {
  EXPECT_EQ(signed_percent(2.94), "+2.9%");
  EXPECT_EQ(signed_percent(-2.94), minus + "2.9%");
  EXPECT_EQ(signed_percent(0.01), "0.0%");
  EXPECT_EQ(signed_percent(-0.01), "0.0%");
  EXPECT_EQ(signed_percent(1234.5), "+1,234%");
}

TEST(Money, HasItsCurrency) {
  EXPECT_EQ(money(2613.64, "USD"), "$2,614");
  EXPECT_EQ(money(12.384, "USD"), "$12.38");
  EXPECT_EQ(money(-12.384, "EUR"), minus +
                                       "\xE2\x82\xAC"
                                       "12.38");
  EXPECT_EQ(money(1.5, "GBP"),
            "\xC2\xA3"
            "1.50");
  EXPECT_EQ(money(1500, "CHF"), "CHF" + space + "1,500");
  EXPECT_EQ(money(1500, ""), "1,500");
  EXPECT_EQ(money(3, "<i>"), "&lt;i&gt;" + space + "3.00");
  EXPECT_EQ(money(-0.001, "USD"), "$0.00");
  EXPECT_EQ(money(0.4, "USD", 0), "$0.40");
  EXPECT_EQ(money(std::nullopt, "USD"), dash);
}

TEST(Money, HasRatesWithAllTheirDecimals) {
  EXPECT_EQ(rate(0.12, "USD"), "$0.12");
  EXPECT_EQ(rate(0.1234, "USD"), "$0.1234");
  EXPECT_EQ(rate(3, "USD"), "$3.00");
}

TEST(Coordinate, IsShort) {
  EXPECT_EQ(coordinate(12), "12");
  EXPECT_EQ(coordinate(12.34), "12.3");
  EXPECT_EQ(coordinate(-0.01), "0");
}

TEST(Time, ReadsIsoTimesWithOffsets) {
  const auto moment = parse_moment("2026-03-08T03:15:00-04:00");
  ASSERT_TRUE(moment);
  EXPECT_EQ(moment->utc_seconds, 1772954100);
  EXPECT_EQ(moment->minute_of_day(), 195);
  EXPECT_EQ(moment->day(), *parse_day("2026-03-08"));
  EXPECT_EQ(parse_moment("2026-03-08T03:15:00.123456+05:30")->offset_minutes, 330);
  EXPECT_EQ(parse_moment("2026-03-08T03:15:00Z")->offset_minutes, 0);
  EXPECT_EQ(parse_moment("2026-03-08T03:15:00+00")->offset_minutes, 0);
  EXPECT_EQ(parse_moment("1969-12-31T23:45:00+00:00")->minute_of_day(), 1425);
}

TEST(Time, RefusesWhatIsNone) {
  for (const char* text : {"", "2026-03-08", "2026-02-30T00:00:00Z", "2026-03-08T24:00:00Z",
                           "2026-03-08T03:15:00", "2026-03-08T03:15:00-", "2026-03-08T03:15:00-0",
                           "2026-03-08T0a:15:00Z", "infinity", "null"})
    EXPECT_FALSE(parse_moment(text)) << text;
  EXPECT_FALSE(parse_day("2026-13-01"));
  EXPECT_FALSE(parse_day("20260301"));
}

TEST(Time, NamesDaysAndPeriods) {
  const Day monday = *parse_day("2026-03-02");
  EXPECT_EQ(iso_weekday(monday), 1);
  EXPECT_EQ(short_day(monday), "Mon" + space + "2" + space + "Mar");
  EXPECT_EQ(day_range(monday, monday + 7),
            "Mon" + space + "2 to Sun" + space + "8" + space + "March" + space + "2026");
  EXPECT_EQ(day_range(monday, monday + 1), "Mon" + space + "2" + space + "March" + space + "2026");
  EXPECT_EQ(day_range(*parse_day("2025-12-29"), *parse_day("2026-01-05")),
            "Mon" + space + "29" + space + "December" + space + "2025 to Sun" + space + "4" +
                space + "January" + space + "2026");
}

TEST(Time, SaysHowLongAndHowFarOff) {
  EXPECT_EQ(duration(45), "45" + space + "min");
  EXPECT_EQ(duration(120), "2" + space + "h");
  EXPECT_EQ(duration(135), "2" + space + "h" + space + "15" + space + "min");
  EXPECT_EQ(utc_offset(-300), "UTC" + minus + "5");
  EXPECT_EQ(utc_offset(330), "UTC+5:30");
  EXPECT_EQ(utc_offset(0), "UTC+0");
}

// Hours around the end of summer time in New York, which the clock shows twice.
Json autumn() {
  Json points = Json::array();
  for (const char* t : {"2026-11-01T00:00:00-04:00", "2026-11-01T01:00:00-04:00",
                        "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"})
    points.push_back({{"t", t}});
  return {{"charts", {{"loadProfile", {{"points", points}}}}}};
}

TEST(Clock, SaysItsOffsetOnTheDayItChanges) {
  const Clock clock(autumn());
  EXPECT_EQ(clock.changes().size(), 1U);
  EXPECT_EQ(clock.changes().begin()->second, -60);
  EXPECT_EQ(clock.moment(parse_moment("2026-11-01T01:15:00-04:00")),
            "Sun" + space + "1" + space + "Nov, 01:15" + space + "(UTC" + minus + "4)");
  EXPECT_EQ(clock.moment(parse_moment("2026-11-02T01:15:00-05:00")),
            "Mon" + space + "2" + space + "Nov, 01:15");
  EXPECT_EQ(clock.moment(std::nullopt), dash);
}

TEST(Clock, WritesRanges) {
  const Clock clock(autumn());
  const std::string monday = "Mon" + space + "2" + space + "Nov, ";
  const std::string sunday = "Sun" + space + "1" + space + "Nov, ";
  const auto range = [&](const char* start, const char* end) {
    return clock.range(parse_moment(start), parse_moment(end));
  };
  EXPECT_EQ(range("2026-11-02T01:15:00-05:00", "2026-11-02T02:00:00-05:00"),
            monday + "01:15" + dash + "02:00");
  EXPECT_EQ(range("2026-11-02T22:00:00-05:00", "2026-11-03T00:00:00-05:00"),
            monday + "22:00" + dash + "24:00");
  EXPECT_EQ(range("2026-11-02T22:00:00-05:00", "2026-11-03T01:00:00-05:00"),
            monday + "22:00 to Tue" + space + "3" + space + "Nov, 01:00");
  EXPECT_EQ(range("2026-11-01T01:15:00-04:00", "2026-11-01T01:15:00-05:00"),
            sunday + "01:15" + space + "(UTC" + minus + "4)" + dash + "01:15" + space + "(UTC" +
                minus + "5)");
  EXPECT_EQ(range("2026-11-01T01:15:00-05:00", "2026-11-01T01:30:00-05:00"),
            sunday + "01:15" + dash + "01:30" + space + "(UTC" + minus + "5)");
  EXPECT_EQ(range("2026-11-02T22:00:00-05:00", "nonsense"), monday + "22:00");
}

}  // namespace
}  // namespace argo::report

// Checks the readings endpoint: ranges, resolutions, consistency, and the truth it is tested by.
#include "readings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "sim_client.h"
#include "text.h"

namespace argo::sim {
namespace {

constexpr int64_t kFrom = 1735689600;  // 2025-01-01

class Readings : public testing::Test {
 protected:
  // Asks and parses.
  Json ask(const Request& request) {
    const Outcome outcome = api_.answer(request);
    EXPECT_EQ(outcome.answer.status, 200) << outcome.answer.body;
    return Json::parse(outcome.answer.body);
  }

  // Asks and takes the records.
  Json records_of(const Request& request) { return ask(request)["records"]; }

  Api api_{test_options().api};
};

TEST_F(Readings, RangeIsHalfOpenAndEnvelopeIsComplete) {
  const Json answer = ask(readings_of(59155, kFrom, kFrom + 3600, "900"));
  EXPECT_EQ(answer["recordCount"], 4);
  EXPECT_EQ(answer["records"].front()["ts"], kFrom);
  EXPECT_EQ(answer["records"].back()["ts"], kFrom + 2700);
  EXPECT_EQ(answer["channel"], 59155);
  EXPECT_EQ(answer["organization"], 23271);
  EXPECT_EQ(answer["from"], kFrom);
  EXPECT_EQ(answer["to"], kFrom + 3600);
  EXPECT_EQ(answer["resolution"], 900);
  EXPECT_EQ(answer["units"]["E"], "Wh");
  EXPECT_EQ(answer["units"]["P"], "W");
  EXPECT_TRUE(answer["operatingHours"].empty());
}

TEST_F(Readings, BinsAreAnchoredAtFrom) {
  const Json answer = ask(readings_of(59155, kFrom + 380, kFrom + 380 + 1800, "900"));
  EXPECT_EQ(answer["records"][0]["ts"], kFrom + 380);
  EXPECT_EQ(answer["records"][1]["ts"], kFrom + 1280);
  const Json grid = ask(readings_of(59155, kFrom, kFrom + 2700, "900"));
  EXPECT_NE(answer["records"][0]["E"], grid["records"][0]["E"]);
}

TEST_F(Readings, EnergyAddsUpOverResolutionsAndAlignments) {
  for (const int64_t channel : {59155, 59163, 59174}) {
    const auto sum = [&](int64_t from, int64_t to, const char* res) {
      long double total = 0;
      for (const Json& record : records_of(readings_of(channel, from, to, res))) {
        total += record["E"].get<double>();
      }
      return static_cast<double>(total);
    };
    const double day = sum(kFrom, kFrom + kDay, "900");
    EXPECT_NEAR(sum(kFrom, kFrom + kDay, "3600"), day, 1e-5);
    EXPECT_NEAR(sum(kFrom, kFrom + kDay, "1800"), day, 1e-5);
    EXPECT_NEAR(sum(kFrom, kFrom + kDay, "60"), day, 1e-5);
    EXPECT_NEAR(sum(kFrom, kFrom + kDay, "86400"), day, 1e-5);
    const double hour = sum(kFrom, kFrom + 3600, "900");
    const double parts = sum(kFrom, kFrom + 420, "60") + sum(kFrom + 420, kFrom + 3600, "60");
    EXPECT_NEAR(parts, hour, 1e-6);
  }
}

TEST_F(Readings, ValuesDoNotDependOnTheRange) {
  const Json week = ask(readings_of(59161, kFrom, kFrom + 7 * kDay, "900"));
  const Json hour = ask(readings_of(59161, kFrom + 3 * kDay, kFrom + 3 * kDay + 3600, "900"));
  EXPECT_EQ(week["records"].size(), 672U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(week["records"][288 + i], hour["records"][i]);
  }
  Options other = test_options();
  other.api.seed = 2;
  Api api(other.api);
  const Json seeded =
      Json::parse(api.answer(readings_of(59161, kFrom, kFrom + 3600, "900")).answer.body);
  EXPECT_NE(seeded["records"][0]["E"], week["records"][0]["E"]);
}

TEST_F(Readings, PowerMatchesEnergyWithinTheMetersTolerance) {
  for (const Json& record : records_of(readings_of(59172, kFrom, kFrom + kDay, "900"))) {
    const double power = record["P"];
    EXPECT_NEAR(record["E"].get<double>() * 4 / power, 1, 0.00131);
    EXPECT_NEAR(
        record["V"].get<double>() * record["I"].get<double>() * 3 * record["PF"].get<double>(),
        power, 1e-3);
  }
}

TEST_F(Readings, PhasesNearlyAddUp) {
  Request request = readings_of(59155, kFrom, kFrom + kDay, "900");
  for (const char* field : {"E1", "E2", "E3", "P1", "V1", "I1", "Q", "T", "RH", "ts"}) {
    request.params.emplace("fields[]", field);
  }
  for (const Json& record : records_of(request)) {
    const double sum =
        record["E1"].get<double>() + record["E2"].get<double>() + record["E3"].get<double>();
    EXPECT_NEAR(sum / record["E"].get<double>(), 1, 0.0006);
    EXPECT_TRUE(record["RH"].is_number());
  }
}

TEST_F(Readings, TooManyRecordsComeCoarser) {
  EXPECT_EQ(ask(readings_of(59155, kFrom, kFrom + 7 * kDay, "60"))["resolution"], 1800);
  const Json month = ask(readings_of(59155, kFrom, kFrom + 31 * kDay, "900"));
  EXPECT_EQ(month["resolution"], 1800);
  EXPECT_EQ(month["records"][1]["ts"], kFrom + 1800);
  EXPECT_EQ(month["recordCount"], 1488);
  EXPECT_EQ(effective_resolution(900, 15 * kDay, 1500), 900);
  EXPECT_EQ(effective_resolution(900, 400 * kDay, 1500), kDay);
  EXPECT_EQ(effective_resolution(0, kDay, 1500), 60);
  EXPECT_EQ(effective_resolution(0, 7 * kDay, 1500), 900);
}

TEST_F(Readings, DatesAreLocalMidnights) {
  Request request = request_of("/readings/59155", {{"res", "3600"},
                                                   {"daterange[]", "2025-03-09"},
                                                   {"daterange[]", "2025-03-10"},
                                                   {"fields[]", "E"}});
  const Json answer = ask(request);
  EXPECT_EQ(answer["from"], 1741496400);
  EXPECT_EQ(answer["recordCount"], 23);
}

TEST_F(Readings, WithoutARangeTheLastDayComes) {
  const Request requests[] = {
      request_of("/readings/59155", {{"res", "900"}, {"fields[]", "E"}}),
      request_of("/readings/59155",
                 {{"res", "900"}, {"fields[]", "E"}, {"from", "1"}, {"to", "2"}}),
      request_of("/readings/59155", {{"res", "900"}, {"fields[]", "E"}, {"daterange[]", "17"}}),
      request_of(
          "/readings/59155",
          {{"res", "900"}, {"fields[]", "E"}, {"daterange[]", "soon"}, {"daterange[]", "later"}})};
  for (const Request& request : requests) {
    const Json answer = ask(request);
    EXPECT_EQ(answer["from"], kNow - kDay);
    EXPECT_EQ(answer["recordCount"], 96);
    EXPECT_EQ(answer["records"][0]["ts"], kNow - kDay);
  }
}

TEST_F(Readings, InvalidParametersAnswer500) {
  const Request requests[] = {
      request_of("/readings/59155", {{"res", "900"}}),
      request_of("/readings/59155", {{"res", "900"}, {"fields", "E"}}),
      request_of("/readings/59155", {{"res", "900"}, {"fields[]", "bogus"}}),
      request_of("/readings/59155", {{"res", "901"}, {"fields[]", "E"}}),
      readings_of(59190, kFrom, kFrom + 3600, "900")};
  for (const Request& request : requests) {
    const Answer answer = api_.answer(request).answer;
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "{\"error\":\"Invalid Parameter\"}");
  }
  EXPECT_EQ(api_.answer(readings_of(1, kFrom, kFrom + 3600, "900")).answer.status, 404);
}

TEST_F(Readings, TheRunningBinIsPartialAndNothingFollows) {
  const int64_t bin = kNow / 900 * 900;
  const Json answer = ask(readings_of(59155, bin - 900, bin + 7200, "900"));
  ASSERT_EQ(answer["recordCount"], 2);
  const double whole = answer["records"][0]["E"];
  const double partial = answer["records"][1]["E"];
  EXPECT_GT(partial, 0);
  EXPECT_LT(partial, whole * 0.8);
  EXPECT_NEAR(answer["records"][1]["P"].get<double>() / answer["records"][0]["P"].get<double>(), 1,
              0.25);
}

TEST_F(Readings, NothingBeforeTheFirstData) {
  const Json answer = ask(readings_of(59155, kDataStart - 7200, kDataStart + 1800, "900"));
  EXPECT_EQ(answer["recordCount"], 2);
  EXPECT_EQ(answer["records"][0]["ts"], kDataStart);
  EXPECT_EQ(ask(readings_of(59155, 0, 3600, "900"))["recordCount"], 0);
}

TEST_F(Readings, RolesShow) {
  const auto records = [&](int64_t channel, int64_t from, int64_t to) {
    return ask(readings_of(channel, from, to, "900"))["records"];
  };
  const Json late = records(59182, kNow / 900 * 900 - kDay, kNow);
  EXPECT_LE(late.back()["ts"].get<int64_t>(), kNow - kLateBy - 900);
  EXPECT_TRUE(records(59158, kFrom, kFrom + 900)[0]["E"].is_string());
  EXPECT_EQ(records(59164, kFrom, kFrom + 900)[0]["E"], 0);
  const Json stuck = records(59157, 1757203200, 1757203200 + 4 * kDay);
  for (const Json& record : stuck) {
    EXPECT_EQ(record["E"], stuck[0]["E"]);
    EXPECT_EQ(record["V"], stuck[0]["V"]);
  }
  const size_t gappy = records(59174, kFrom, kFrom + 14 * kDay).size();
  EXPECT_LT(gappy, 1344U);
  EXPECT_GT(gappy, 1100U);
  EXPECT_EQ(records(60101, kFrom, kFrom + 14 * kDay).size(), 1344U);
}

TEST_F(Readings, TruthEqualsTheAnswer) {
  for (const int64_t channel : {59155, 59157, 59164, 59174, 59182, 60101, 70250}) {
    const int64_t from = kNow / 900 * 900 - 7 * kDay;
    Request asked = request_of("/_sim/truth", {{"channel", std::to_string(channel)},
                                               {"from", std::to_string(from)},
                                               {"to", std::to_string(kNow)}});
    std::istringstream lines(api_.control("GET", asked, "").body);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "ts,E,P,V,I,PF");
    const std::string body = api_.answer(readings_of(channel, from, kNow, "900")).answer.body;
    size_t count = 0;
    for (; std::getline(lines, line); ++count) {
      std::istringstream cells(line);
      std::string record = "{\"ts\":";
      for (const char* key : {",\"E\":", ",\"P\":", ",\"V\":", ",\"I\":", ",\"PF\":", "}"}) {
        std::string cell;
        std::getline(cells, cell, ',');
        record += cell + key;
      }
      EXPECT_NE(body.find(record), std::string::npos) << record;
    }
    // All but the running bin, which the late channel does not have.
    EXPECT_EQ(count + (channel == 59182 ? 0 : 1), Json::parse(body)["records"].size());
  }
  const Request virtual_one = request_of("/_sim/truth", {{"channel", "59190"}});
  EXPECT_EQ(api_.control("GET", virtual_one, "").body, "ts,E,P,V,I,PF\n");
}

TEST(Text, NumbersHaveFourteenDigitsAtMost) {
  const auto text = [](int64_t nano) {
    char buffer[kNumberRoom];
    return std::string(buffer, put_nano(buffer, nano));
  };
  EXPECT_EQ(text(0), "0");
  EXPECT_EQ(text(1), "0.000000001");
  EXPECT_EQ(text(-1'500'000'000), "-1.5");
  EXPECT_EQ(text(14'326'112'052'649), "14326.112052649");
  EXPECT_EQ(text(123'456'123'456'785), "123456.12345679");
  EXPECT_EQ(text(999'999'999'999'999), "1000000");
  EXPECT_EQ(text(1'234'567'000'000'049), "1234567");
}

}  // namespace
}  // namespace argo::sim

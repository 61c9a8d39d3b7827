// Tests of a whole run over one site: what is asked, what is stored, and what the result says.
#include "core/ingest.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <utility>
#include <vector>

#include "fake_api.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::FakeApi;
using testing::HttpServer;
using testing::Reply;
using testing::Request;

constexpr std::int64_t kChannels = 17;
constexpr std::int64_t kWeekSlots = 672;

class IngestTest : public ::testing::Test {
 protected:
  void SetUp() override { api_.add_site("23271", static_cast<int>(kChannels)); }

  IngestResult ingest(int days = 7) {
    IngestRequest request;
    request.site = "23271";
    request.plan.days = days;
    return run_ingest(host_, testing::settings_for(server_.url()), request);
  }

  static void expect_sums(const IngestResult& result) {
    EXPECT_EQ(result.fetched, result.inserted + result.duplicates + result.rejected);
  }
  int readings_requests() const { return server_.count("/v1/readings/"); }

  testing::FakeHost host_;
  FakeApi api_;
  HttpServer server_{[this](const Request& request) { return api_.answer(request); }};
};

Reply with_status(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

TEST_F(IngestTest, StoresAWeekOfEveryChannel) {
  const IngestResult result = ingest();
  EXPECT_STREQ(result.status(), "success");
  EXPECT_EQ(result.plan.expected, kChannels * kWeekSlots);
  EXPECT_EQ(result.inserted, result.plan.expected);
  EXPECT_EQ(result.missing, 0);
  EXPECT_EQ(result.requests, 3 + kChannels);
  EXPECT_EQ(result.requests, server_.count());
  expect_sums(result);
  const Reading& reading = host_.table.begin()->second;
  EXPECT_EQ(reading.value(Quantity::kEnergyKwh), 0.25F);
  EXPECT_EQ(reading.value(Quantity::kPowerKw), 1.0F);
  const std::string target = server_.requests().back().target;
  EXPECT_NE(target.find("res=900"), std::string::npos);
  EXPECT_NE(target.find("fields%5B%5D=E"), std::string::npos);
}

TEST_F(IngestTest, TellsHowFarTheApisClockIsOff) {
  EXPECT_FALSE(ingest(1).clock_skew_s);
  const std::time_t time = std::time(nullptr) + 3600;
  std::tm parts{};
  std::array<char, 40> date{};
  std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&time, &parts));
  api_.date = date.data();
  const auto skew = ingest(1).clock_skew_s;
  ASSERT_TRUE(skew);
  EXPECT_NEAR(*skew, 3600, 2);
}

TEST_F(IngestTest, InsertsNothingTheSecondTime) {
  ingest();
  const IngestResult result = ingest();
  EXPECT_EQ(result.inserted, 0);
  EXPECT_EQ(result.duplicates, kChannels * kWeekSlots);
  EXPECT_EQ(result.missing, 0);
  expect_sums(result);
}

TEST_F(IngestTest, LetsAChannelThatAlwaysAnswers500CostNoOther) {
  api_.instead = [](const Request& request) -> std::optional<Reply> {
    if (request.begins_with("/v1/readings/103?"))
      return with_status(500);
    return std::nullopt;
  };
  const IngestResult result = ingest();
  EXPECT_STREQ(result.status(), "partial");
  EXPECT_EQ(result.inserted, (kChannels - 1) * kWeekSlots);
  EXPECT_EQ(result.missing, kWeekSlots);
  expect_sums(result);
  // Seven days twice, then one day; then it is left alone.
  EXPECT_EQ(server_.count("/v1/readings/103?"), 3);
  EXPECT_EQ(result.requests, server_.count());
  const ChannelResult& channel = result.channels.at(103);
  EXPECT_EQ(channel.failed_pulls, channel.pulls);
  EXPECT_NE(channel.error, "");
  EXPECT_EQ(result.failed_pulls, channel.pulls);
  // Every slot that it was to bring is in a failed pull.
  std::int64_t slots = 0;
  for (const Pull& pull : host_.stored)
    slots += pull.channel_id == 103 ? pull.window.slots() : 0;
  EXPECT_EQ(slots, kWeekSlots);
}

TEST_F(IngestTest, HalvesWindowsDownToADayAndRemembersIt) {
  api_.max_window_seconds = kDaySeconds;
  const IngestResult result = ingest(14);
  EXPECT_STREQ(result.status(), "success");
  EXPECT_EQ(result.inserted, kChannels * 2 * kWeekSlots);
  expect_sums(result);
  int coarse = 0;
  for (const Request& request : server_.requests())
    if (request.begins_with("/v1/readings/"))
      coarse += FakeApi::window_of(request).seconds() > kDaySeconds ? 1 : 0;
  // Only what was under way when the limit became known was asked in vain.
  EXPECT_LE(coarse, 24);
  EXPECT_EQ(readings_requests() - coarse, kChannels * 14);
}

TEST_F(IngestTest, SkipsABadDayOfAChannelThatAnswers) {
  const UnixTime bad_day = host_.last_days(7).from + 4 * kDaySeconds;
  api_.instead = [bad_day](const Request& request) -> std::optional<Reply> {
    if (!request.begins_with("/v1/readings/103?"))
      return std::nullopt;
    const TimeRange window = FakeApi::window_of(request);
    if (window.from <= bad_day && bad_day < window.to)
      return with_status(500);
    return std::nullopt;
  };
  const IngestResult result = ingest();
  EXPECT_STREQ(result.status(), "partial");
  EXPECT_EQ(result.missing, 96);
  EXPECT_EQ(result.failed_pulls, 1);
}

TEST_F(IngestTest, CallsNoWindowASuccessThatWasNotAsked) {
  api_.channels.erase(api_.channels.begin() + 1, api_.channels.end());
  const UnixTime first = host_.last_days(14).from;
  api_.instead = [this, first](const Request& request) -> std::optional<Reply> {
    if (!request.begins_with("/v1/readings/"))
      return std::nullopt;
    // The first day is refused while the eighth is under way.
    const TimeRange window = FakeApi::window_of(request);
    const bool is_day = window.seconds() <= kDaySeconds;
    FakeApi plain = api_;
    plain.instead = nullptr;
    Reply reply = window.from == first || !is_day ? with_status(500) : plain.answer(request);
    if (is_day && window.from == first)
      reply.delay_ms = 400;
    if (is_day && window.from == first + 7 * kDaySeconds)
      reply.delay_ms = 700;
    return reply;
  };
  ingest(14);
  for (const Pull& pull : host_.stored)
    if (!pull.failed()) {
      EXPECT_EQ(static_cast<std::int64_t>(pull.readings.size()), pull.window.slots());
    }
  EXPECT_GE(host_.table.size(), 7U * 96U);
}

TEST_F(IngestTest, StoresGoodRecordsBesideBadOnes) {
  api_.instead = [](const Request& request) -> std::optional<Reply> {
    if (!request.begins_with("/v1/readings/103?"))
      return std::nullopt;
    const UnixTime from = FakeApi::window_of(request).from;
    Reply reply;
    reply.body = "{\"resolution\":900,\"records\":[{\"ts\":" + std::to_string(from) +
                 ",\"E\":1},{\"ts\":" + std::to_string(from) +
                 ",\"E\":2},{\"ts\":" + std::to_string(from + 900) + ",\"P\":-1},{\"E\":1},null]}";
    return reply;
  };
  const IngestResult result = ingest();
  EXPECT_STREQ(result.status(), "success");
  EXPECT_EQ(result.rejected, 3);
  EXPECT_EQ(result.duplicates, 1);
  EXPECT_EQ(result.channels.at(103).inserted, 1);
  expect_sums(result);
}

TEST_F(IngestTest, StoresInChunks) {
  const IngestResult result = ingest(90);
  EXPECT_EQ(result.inserted, kChannels * 90 * 96);
  EXPECT_EQ(host_.chunks.size(), 3U);
  // A chunk holds what comes before the next, so that the table is in order of time.
  UnixTime last = 0;
  for (const Pull& pull : host_.stored) {
    EXPECT_GE(pull.window.from, last - kDaySeconds * 7);
    last = std::max(last, pull.window.from);
  }
}

// A host that stores beside the run: what became of a pull it says later.
class LateHost : public testing::FakeHost {
 public:
  std::vector<Stored> store(const Site& site, std::vector<Pull> pulls) override {
    return std::exchange(known_, testing::FakeHost::store(site, std::move(pulls)));
  }
  std::vector<Stored> finish_storing() override { return std::exchange(known_, {}); }

 private:
  std::vector<Stored> known_;
};

TEST_F(IngestTest, CountsWhatIsStoredLater) {
  LateHost host;
  const auto ingest_again = [&] {
    IngestRequest request;
    request.site = "23271";
    request.plan.days = 30;
    request.store_at_readings = 8192;
    return run_ingest(host, testing::settings_for(server_.url()), request);
  };
  const IngestResult first = ingest_again();
  EXPECT_GT(host.chunks.size(), 4U);
  EXPECT_EQ(first.inserted, kChannels * 30 * 96);
  EXPECT_EQ(first.channels.begin()->second.inserted, 30 * 96);
  expect_sums(first);
  const IngestResult second = ingest_again();
  EXPECT_EQ(second.inserted, 0);
  EXPECT_EQ(second.duplicates, first.inserted);
  expect_sums(second);
}

TEST_F(IngestTest, SendsOneRequestWhereTheLoginIsRefused) {
  api_.instead = [](const Request&) { return std::optional(with_status(401)); };
  EXPECT_EQ(testing::error_of([this] { ingest(); }).sqlstate(), "28000");
  EXPECT_EQ(server_.count(), 1);
  EXPECT_TRUE(host_.chunks.empty());
}

TEST_F(IngestTest, ReportsWhatFailsMidway) {
  api_.instead = [](const Request& request) -> std::optional<Reply> {
    if (request.begins_with("/v1/readings/"))
      return with_status(402);
    return std::nullopt;
  };
  const IngestResult result = ingest();
  EXPECT_STREQ(result.status(), "failed");
  EXPECT_EQ(result.failed_pulls, kChannels);
  EXPECT_LE(readings_requests(), 6);
  EXPECT_EQ(host_.chunks.size(), 1U);
}

TEST_F(IngestTest, StoresASiteWithoutChannels) {
  api_.channels = nlohmann::json::array();
  EXPECT_STREQ(ingest().status(), "success");
  EXPECT_EQ(host_.chunks.size(), 1U);
}

TEST_F(IngestTest, PlansWithoutAskingForReadings) {
  IngestRequest request;
  request.site = "23271";
  request.plan.days = 14;
  request.is_dry_run = true;
  const IngestResult result = run_ingest(host_, testing::settings_for(server_.url()), request);
  EXPECT_STREQ(result.status(), "planned");
  EXPECT_EQ(result.pulls, kChannels * 2);
  EXPECT_EQ(result.asked, kChannels * 2 * kWeekSlots);
  EXPECT_EQ(result.missing, result.asked);
  EXPECT_GT(result.estimated_ms, 0);
  EXPECT_EQ(readings_requests(), 0);
  EXPECT_TRUE(host_.chunks.empty());
}

TEST_F(IngestTest, CountsWhyRecordsWereRejected) {
  api_.instead = [this](const Request& request) -> std::optional<Reply> {
    if (!request.begins_with("/v1/readings/103?"))
      return std::nullopt;
    const UnixTime from = FakeApi::window_of(request).from;
    Reply reply;
    reply.body = R"({"resolution":900,"records":[{"ts":)" + std::to_string(from) +
                 R"(,"P":-1},{"ts":)" + std::to_string(from + 900) + R"(,"P":9e6},{"ts":)" +
                 std::to_string(from + 1800) + R"(,"P":1,"V":700},{"ts":)" +
                 std::to_string(from + 2700) + R"(,"P":1,"PF":1.5},{"ts":)" +
                 std::to_string(from + 3600) + R"(,"P":1,"PF":-1,"V":600}]})";
    return reply;
  };
  const IngestResult result = ingest();
  EXPECT_EQ(result.rejected, 4);
  EXPECT_EQ(result.reject_reasons.at("negative power"), 1);
  EXPECT_EQ(result.reject_reasons.at("power beyond max_power_kw"), 1);
  EXPECT_EQ(result.reject_reasons.at("voltage beyond min_voltage_v and max_voltage_v"), 1);
  EXPECT_EQ(result.reject_reasons.at("power factor beyond 1"), 1);
  expect_sums(result);
}

TEST(IngestArguments, AreChecked) {
  const auto refuses = [](const std::string& site, int days) {
    IngestRequest request;
    request.site = site;
    request.plan.days = days;
    return testing::error_of([&] { check_ingest_request(request); }).sqlstate() == "22023";
  };
  EXPECT_FALSE(refuses("23271", 1));
  EXPECT_FALSE(refuses("23271", kMaxDays));
  for (const char* site : {"", " ", "1 2", "1&x=2", "../x", "1/2", "é", "a\nb"})
    EXPECT_TRUE(refuses(site, 7)) << site;
  EXPECT_TRUE(refuses(std::string(65, '1'), 7));
  for (const int days : {0, -1, kMaxDays + 1, 1000000000})
    EXPECT_TRUE(refuses("23271", days)) << days;
}

}  // namespace
}  // namespace argo

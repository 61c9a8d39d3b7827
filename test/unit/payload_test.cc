// Tests of the JSON that goes to the functions of sql/ingest.
#include "core/payload.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace argo {
namespace {

using nlohmann::json;
using std::string_literals::operator""s;

TEST(SitePayload, WritesASite) {
  Site site;
  site.organization = {"23271", "Plant \"A\" \\", "Main St", std::nullopt, "", {}, "Asia/Kolkata"};
  site.devices.push_back({5, "D5", std::nullopt, "000A", std::nullopt});
  site.channels.push_back({7, "C7", 5, "grid meter", std::nullopt});
  site.channels.push_back({8, "C8", std::nullopt, std::nullopt, std::nullopt});
  const json written = json::parse(site_payload(site));
  const json organization = written.at("organization");
  EXPECT_EQ(organization.at("organization_id"), "23271");
  EXPECT_EQ(organization.at("organization_name"), "Plant \"A\" \\");
  EXPECT_EQ(organization.at("address"), "Main St");
  EXPECT_TRUE(organization.at("city").is_null());
  EXPECT_EQ(organization.at("postcode"), "");
  EXPECT_EQ(organization.at("timezone"), "Asia/Kolkata");
  EXPECT_EQ(written.at("devices"),
            json::parse(R"([{"device_id":5,"device_name":"D5","device_type":null,
                             "serial_number":"000A","firmware_version":null}])"));
  EXPECT_EQ(written.at("channels"),
            json::parse(R"([{"channel_id":7,"channel_name":"C7","device_id":5,
                             "channel_type":"grid meter","unit":null},
                            {"channel_id":8,"channel_name":"C8","device_id":null,
                             "channel_type":null,"unit":null}])"));
}

TEST(SitePayload, WritesEmptyListsAsLists) {
  const json written = json::parse(site_payload({}));
  EXPECT_EQ(written.at("devices"), json::array());
  EXPECT_EQ(written.at("channels"), json::array());
}

TEST(SitePayload, WritesAnyNameSoThatPostgresqlTakesIt) {
  Site site;
  site.organization.id = "1";
  site.organization.name = "a\0b\xFF\xED\xA0\x80<script>'"s;
  site.channels.push_back({7, "\n\t\x01\0"s, std::nullopt, "\xC3", std::nullopt});
  const std::string text = site_payload(site);
  EXPECT_EQ(text.find("\\u0000"), std::string::npos);
  const json written = json::parse(text);
  EXPECT_EQ(written["organization"]["organization_name"], "ab\uFFFD\uFFFD\uFFFD\uFFFD<script>'");
  EXPECT_EQ(written["channels"][0]["channel_name"], "\n\t\x01");
  EXPECT_EQ(written["channels"][0]["channel_type"], "\uFFFD");
}

TEST(PullsPayload, WritesSuccessAndFailure) {
  std::vector<Pull> pulls(2);
  pulls[0].channel_id = 7;
  pulls[0].window = {900, 1800};
  pulls[0].fetched = 4;
  pulls[0].rejects.resize(3);
  pulls[1].channel_id = 8;
  pulls[1].error = "HTTP 500: \xFF\0"s;
  EXPECT_EQ(json::parse(pulls_payload(pulls, {{1, 0, 0}, {}})),
            json::parse(R"([{"channel_id":7,"start":900,"end":1800,"fetched":4,"inserted":1,
                             "rejected":3,"status":"success","error":null},
                            {"channel_id":8,"start":0,"end":0,"fetched":0,"inserted":0,
                             "rejected":0,"status":"failure","error":"HTTP 500: \ufffd"}])"));
  EXPECT_EQ(pulls_payload({}, {}), "[]");
}

TEST(RejectsPayload, WritesARowAReject) {
  std::vector<Pull> pulls(2);
  pulls[1].channel_id = 8;
  pulls[1].window = {900, 1800};
  pulls[1].rejects.push_back({"x\0y"s, R"({"E":12.5,"P":"NaN"})", "negative power"});
  pulls[1].rejects.push_back({"", "{}", "missing timestamp"});
  EXPECT_EQ(json::parse(rejects_payload(pulls)),
            json::parse(R"([{"channel_id":8,"ts":"xy","raw":{"E":12.5,"P":"NaN"},
                             "reason":"negative power","start":900,"end":1800},
                            {"channel_id":8,"ts":null,"raw":{},"reason":"missing timestamp",
                             "start":900,"end":1800}])"));
  EXPECT_EQ(rejects_payload({}), "[]");
}

TEST(ChannelsPayload, TellsSuccessPartialAndFailed) {
  IngestResult result;
  result.channels[7] = {10, 2, 0, ""};
  result.channels[8] = {5, 2, 1, "HTTP 500"};
  result.channels[9] = {0, 2, 2, "HTTP 500"};
  EXPECT_EQ(json::parse(channels_payload(result)),
            json::parse(R"([{"channel_id":7,"inserted":10,"status":"success","error":null},
                            {"channel_id":8,"inserted":5,"status":"partial","error":"HTTP 500"},
                            {"channel_id":9,"inserted":0,"status":"failed","error":"HTTP 500"}])"));
}

TEST(ChannelArray, WritesAPostgresqlArray) {
  Site site;
  EXPECT_EQ(channel_array(site), "{}");
  site.channels.resize(2);
  site.channels[0].id = 7;
  site.channels[1].id = -8;
  EXPECT_EQ(channel_array(site), "{7,-8}");
}

}  // namespace
}  // namespace argo

// Tests of reading one page of a list, from real answers to broken ones.
#include "core/list_parser.h"

#include <gtest/gtest.h>

#include "fake_host.h"

namespace argo {
namespace {

using testing::read_fixture;

TEST(ListParser, ReadsARealListOfChannels) {
  const ListPage page = parse_list_page(read_fixture("channels.json"), "channels");
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.current_page, 1);
  EXPECT_EQ(page.page_count, 1);
  EXPECT_EQ(page.record_count, 1);
  ASSERT_EQ(page.items.size(), 1U);
  const ListItem& channel = page.items[0];
  EXPECT_EQ(channel.at("dataChannelId"), "59155");
  EXPECT_EQ(channel.at("channelName"), "CHANNEL A");
  EXPECT_EQ(channel.at("deviceId"), "41281");
  EXPECT_EQ(channel.at("organizationId"), "17159");
  EXPECT_EQ(channel.at("registered"), "1568836205");
  EXPECT_EQ(channel.at("isMeteringPoint"), "true");
  for (const char* absent : {"parentId", "pulseLabel", "links", "self"})
    EXPECT_EQ(channel.count(absent), 0U) << absent;
}

TEST(ListParser, ReadsARealAnswerThatHoldsMoreThanAList) {
  const ListPage page = parse_list_page(read_fixture("metersbelow.json"), "metersbelow");
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.record_count, std::nullopt);
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].at("meterId"), "31297");
  EXPECT_EQ(page.items[0].at("organizationId"), "17159");
  EXPECT_EQ(page.items[1].at("meterId"), "18478");
  EXPECT_EQ(page.items[1].at("deviceName"), "meter 1");
  // What is nested in an item or stands beside the list is not the item's.
  EXPECT_EQ(page.items[1].count("deviceInterfaceId"), 0U);
  EXPECT_EQ(page.items[1].count("distributorName"), 0U);
}

TEST(ListParser, TakesNumbersAndStringsAlike) {
  const ListPage page = parse_list_page(
      R"({"channels":[{"dataChannelId":59155,"f":1.50,"n":-3}],
          "meta":{"currentPage":"2","pageCount":"3","recordCount":"41"}})",
      "channels");
  EXPECT_EQ(page.items.at(0).at("dataChannelId"), "59155");
  EXPECT_EQ(page.items.at(0).at("f"), "1.50");
  EXPECT_EQ(page.items.at(0).at("n"), "-3");
  EXPECT_EQ(page.current_page, 2);
  EXPECT_EQ(page.page_count, 3);
  EXPECT_EQ(page.record_count, 41);
}

TEST(ListParser, TakesResultForTheArraysName) {
  EXPECT_EQ(parse_list_page(R"({"result":[{"a":"1"}]})", "channels").items.size(), 1U);
}

TEST(ListParser, TakesAnEmptyList) {
  const ListPage page =
      parse_list_page(R"({"channels":[],"meta":{"recordCount":0,"pageCount":0}})", "channels");
  EXPECT_EQ(page.error, "");
  EXPECT_TRUE(page.items.empty());
  EXPECT_EQ(page.record_count, 0);
}

TEST(ListParser, PassesOverOddMeta) {
  for (const char* meta :
       {R"("")", "null", "[1]", R"({"recordCount":""})", R"({"recordCount":1.5})",
        R"({"recordCount":"12x"})", R"({"recordCount":1e30})",
        R"({"recordCount":99999999999999999999})", R"({"x":{"recordCount":5}})"}) {
    const std::string body = std::string(R"({"channels":[],"meta":)") + meta + "}";
    const ListPage page = parse_list_page(body, "channels");
    EXPECT_EQ(page.error, "") << meta;
    EXPECT_EQ(page.record_count, std::nullopt) << meta;
  }
}

TEST(ListParser, KeepsNamesStorable) {
  const ListPage page = parse_list_page(
      "{\"channels\":[{\"channelName\":\"a\\u0000b\xFF<script>\\\"'\\ud800\"}]}", "channels");
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].at("channelName"), "ab\uFFFD<script>\"'\uFFFD");
}

TEST(ListParser, SaysWhyAnAnswerIsNoPage) {
  EXPECT_NE(parse_list_page("", "channels").error, "");
  EXPECT_NE(parse_list_page("<html><body>log in</body></html>", "channels").error, "");
  EXPECT_EQ(parse_list_page(R"({"meters":[]})", "channels").error, "no \"channels\" in the answer");
  EXPECT_EQ(parse_list_page(R"({"channels":null})", "channels").error,
            "no \"channels\" in the answer");
  EXPECT_EQ(parse_list_page("[]", "channels").error, "no \"channels\" in the answer");
  EXPECT_EQ(parse_list_page(R"({"error":"no\nrights"})", "channels").error,
            "the API says: no rights");
  EXPECT_EQ(parse_list_page(R"({"error":{"message":"busy","code":5}})", "channels").error,
            "the API says: busy");
}

TEST(ListParser, RefusesDeepNesting) {
  const std::string deep =
      "{\"channels\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_EQ(parse_list_page(deep, "channels").error, "JSON nested too deep");
}

TEST(ListParser, SurvivesTruncationAtEveryByte) {
  const std::string body = read_fixture("channels.json");
  const std::size_t whole = body.rfind('}') + 1;
  for (std::size_t size = 0; size < whole; ++size)
    EXPECT_NE(parse_list_page(body.substr(0, size), "channels").error, "") << size;
}

TEST(ListParser, SurvivesStrangeShapes) {
  for (const char* body :
       {R"({"channels":[1,"x",null,[2,{"a":3}],{"b":[{"c":4}]}]})", R"({"channels":{"a":1}})",
        R"([[{"channels":[]}]])", R"("channels")", "7", "null", R"({"":[{"":""}]})",
        R"({"channels":[{"a":1}],"channels":[{"a":2}]})", R"({"meta":[[{"a":1}]],"channels":[]})"})
    static_cast<void>(parse_list_page(body, "channels"));
}

}  // namespace
}  // namespace argo

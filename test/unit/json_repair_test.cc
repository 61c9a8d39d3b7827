// Tests of what is mended in broken JSON, and what is left alone.
#include "core/json_repair.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace argo {
namespace {

using nlohmann::json;
using std::string_literals::operator""s;

TEST(RepairJson, LeavesValidJsonAlone) {
  for (const char* text :
       {R"({"a":[1,-2.5e+3,0.1E-2,true,false,null],"b":{"c":"\"\\\/\b\f\n\r\t\u00e9"}})", R"("")",
        R"([])", R"( { } )", R"("\ud83d\ude00 é 😀")", R"(["NaN", "\\", "a\\\"NaN"])", R"(-0)",
        R"(123456789012345678901234567890)", ""})
    EXPECT_EQ(repair_json(text), text);
}

TEST(RepairJson, DropsAByteOrderMark) {
  EXPECT_EQ(repair_json("\xEF\xBB\xBF[1]"), "[1]");
}

TEST(RepairJson, QuotesWordsAndNumbersThatAreNone) {
  EXPECT_EQ(repair_json("[NaN,Infinity,-Infinity,1e999,-1e999,undefined,None]"),
            R"(["NaN","Infinity","-Infinity","1e999","-1e999","undefined","None"])");
  EXPECT_EQ(repair_json(R"({"a":NaN})"), R"({"a":"NaN"})");
  EXPECT_EQ(repair_json("[1e5,1e999]"), R"([1e5,"1e999"])");
}

TEST(RepairJson, QuotesNumbersThatOnlyCReads) {
  EXPECT_EQ(repair_json("[+5,.5,5.,007,1.e3,--1,0x10,1_000,-]"),
            R"(["+5",".5","5.","007","1.e3","--1","0x10","1_000","-"])");
}

TEST(RepairJson, MendsStrings) {
  EXPECT_EQ(json::parse(repair_json("\"a\xFF\xC3z\"")), json("a\uFFFD\uFFFDz"));
  EXPECT_EQ(json::parse(repair_json("\"a\nb\tc\0d\""s)), json("a\uFFFDb\uFFFDc\uFFFDd"));
  EXPECT_EQ(json::parse(repair_json(R"("\ud800 \udc00 \udc00\ud800")")),
            json("\uFFFD \uFFFD \uFFFD\uFFFD"));
  EXPECT_EQ(json::parse(repair_json(R"("\ud83dx\ud83d\ud83d\ude00")")), json("\uFFFDx\uFFFD😀"));
}

TEST(RepairJson, LeavesBrokenStructureBroken) {
  for (const char* text : {"{", "[1,]", "{\"a\"}", "\"open", "\"open\\", "\"\\u12", "\"\\ud800",
                           "]", "<html>", "{\"a\":1"})
    EXPECT_FALSE(json::accept(repair_json(text))) << text;
}

TEST(RepairJson, SurvivesAnyBytesAndIsIdempotent) {
  std::mt19937 random(7);
  const std::string seed = "{\"a\\u\\ud800\":[NaN,1e999,\"\\\"\xC3\xA9\xFF\\\\\",-0.5e+7,true]}";
  for (int round = 0; round < 20000; ++round) {
    std::string text = seed.substr(random() % seed.size());
    for (unsigned change = random() % 6; change > 0 && !text.empty(); --change)
      text[random() % text.size()] =
          random() % 2 == 0 ? static_cast<char>(random()) : seed[random() % seed.size()];
    const std::string once = repair_json(text);
    ASSERT_EQ(repair_json(once), once) << ::testing::PrintToString(text);
    // The parser takes a NUL for the end.
    if (text.find('\0') == std::string::npos && json::accept(text)) {
      ASSERT_EQ(once, text);
    }
  }
}

}  // namespace
}  // namespace argo

// Tests of reading an answer with readings, from a real one to every odd value.
#include "core/readings_parser.h"

#include <gtest/gtest.h>

#include <random>

#include "fake_host.h"

namespace argo {
namespace {

using testing::read_fixture;

constexpr std::size_t kE = static_cast<std::size_t>(Quantity::kEnergyKwh);
constexpr std::size_t kP = static_cast<std::size_t>(Quantity::kPowerKw);
constexpr std::size_t kI = static_cast<std::size_t>(Quantity::kCurrentA);

bool has(const Record& record, std::size_t field) {
  return ((record.present >> field) & 1U) != 0;
}

// Parses an answer with this one record.
Record record_of(const std::string& json) {
  const ReadingsAnswer answer = parse_readings("{\"records\":[" + json + "]}");
  EXPECT_EQ(answer.error, "") << json;
  EXPECT_EQ(answer.records.size(), 1U) << json;
  return answer.records.empty() ? Record() : answer.records[0];
}

TEST(ReadingsParser, ReadsARealAnswer) {
  const ReadingsAnswer answer = parse_readings(read_fixture("readings_1800.json"));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.channel, 59155);
  EXPECT_EQ(answer.resolution, 1800);
  EXPECT_EQ(answer.record_count, 336);
  EXPECT_EQ(answer.energy_unit, "Wh");
  EXPECT_EQ(answer.power_unit, "W");
  ASSERT_EQ(answer.records.size(), 6U);
  const Record& first = answer.records[0];
  EXPECT_EQ(first.ts, 1593561600);
  EXPECT_EQ(first.values[kE], 14326.112052649);
  EXPECT_EQ(first.values[kP], 28648.906184896);
  EXPECT_EQ(first.values[kI], 75.255677541097);
  // E1, P1 and I1 are not E, P and I.
  EXPECT_EQ(first.present, (1U << kE) | (1U << kP) | (1U << kI));
  EXPECT_TRUE(first.odd.empty());
  EXPECT_EQ(answer.records[5].ts, 1594164600);
  EXPECT_EQ(answer.records[5].values[kE], 14334.479402393);
}

TEST(ReadingsParser, ReadsEveryField) {
  const Record record =
      record_of(R"({"RH":8,"T":7,"Q":6,"PF":5,"I":4,"V":3,"P":2,"E":1,"ts":900,"Z":9,"e":9})");
  EXPECT_EQ(record.present, 0xFF);
  for (std::size_t i = 0; i < kQuantities; ++i)
    EXPECT_EQ(record.values[i], static_cast<double>(i + 1));
}

TEST(ReadingsParser, TakesNumbersAsStrings) {
  const Record record = record_of(R"({"ts":"900","E":"14326.112052649","P":"-2e3"})");
  EXPECT_EQ(record.ts, 900);
  EXPECT_EQ(record.values[kE], 14326.112052649);
  EXPECT_EQ(record.values[kP], -2000);
  const ReadingsAnswer answer =
      parse_readings(R"({"channel":"5","resolution":"900","recordCount":"0","records":[]})");
  EXPECT_EQ(answer.channel, 5);
  EXPECT_EQ(answer.resolution, 900);
  EXPECT_EQ(answer.record_count, 0);
}

TEST(ReadingsParser, TakesNullAndEmptyAsNothing) {
  const Record record = record_of(R"({"ts":null,"E":null,"P":""})");
  EXPECT_EQ(record.ts, std::nullopt);
  EXPECT_EQ(record.present, 0);
  EXPECT_TRUE(record.odd.empty());
}

TEST(ReadingsParser, KeepsEveryOddValueAsItCame) {
  using Case = std::pair<const char*, const char*>;
  for (const auto& [json, raw] :
       {Case{"\"NaN\"", "NaN"}, Case{"NaN", "NaN"}, Case{"-Infinity", "-Infinity"},
        Case{"\"inf\"", "inf"}, Case{"1e999", "1e999"}, Case{"\"-1e999\"", "-1e999"},
        Case{"true", "true"}, Case{"false", "false"}, Case{"{\"x\":1}", "{...}"},
        Case{"[1,[2]]", "[...]"}, Case{"\"12,5\"", "12,5"}, Case{"\" 12\"", " 12"},
        Case{"\"0x10\"", "0x10"}, Case{"+5", "+5"}, Case{"\"a\\u0000b\"", "a b"}}) {
    const Record record = record_of(std::string("{\"ts\":900,\"P\":1,\"E\":") + json + "}");
    EXPECT_EQ(record.ts, 900) << json;
    EXPECT_FALSE(has(record, kE)) << json;
    EXPECT_TRUE(has(record, kP)) << json;
    ASSERT_EQ(record.odd.size(), 1U) << json;
    EXPECT_EQ(record.odd[0], std::pair(std::string("E"), std::string(raw)));
  }
}

TEST(ReadingsParser, TakesLongNumbers) {
  const std::string digits(80, '9');
  EXPECT_EQ(record_of("{\"E\":" + digits + "}").values[kE], 1e80);
  EXPECT_EQ(record_of("{\"E\":\"" + digits + "\"}").values[kE], 1e80);
  EXPECT_EQ(record_of("{\"E\":0." + digits + "}").values[kE], 1.0);
}

TEST(ReadingsParser, KeepsOddTimestamps) {
  EXPECT_EQ(record_of(R"({"ts":"2026-01-01T00:00:00Z","E":1})").odd.at(0).second,
            "2026-01-01T00:00:00Z");
  EXPECT_EQ(record_of(R"({"ts":true,"E":1})").odd.at(0).first, "ts");
  EXPECT_EQ(record_of(R"({"ts":900.5})").ts, 900.5);
  EXPECT_EQ(record_of(R"({"ts":900.0})").ts, 900);
}

TEST(ReadingsParser, TakesTheLastOfDuplicateKeys) {
  const Record record = record_of(R"({"ts":1,"E":1,"ts":2,"E":2})");
  EXPECT_EQ(record.ts, 2);
  EXPECT_EQ(record.values[kE], 2);
  const ReadingsAnswer answer = parse_readings(
      R"({"resolution":1800,"records":[{"ts":1},{"ts":2}],"resolution":900,"records":[{"ts":3}]})");
  EXPECT_EQ(answer.resolution, 900);
  ASSERT_EQ(answer.records.size(), 1U);
  EXPECT_EQ(answer.records[0].ts, 3);
}

TEST(ReadingsParser, LosesNoRecordThatIsNoObject) {
  for (const char* odd : {"null", "5", "1.5", "-5", "\"x\"", "\"\"", "\"900\"", "true"}) {
    const std::string body = std::string("{\"records\":[{\"ts\":900,\"E\":1},") + odd + "]}";
    const ReadingsAnswer answer = parse_readings(body);
    EXPECT_EQ(answer.error, "") << odd;
    ASSERT_EQ(answer.records.size(), 2U) << odd;
    EXPECT_EQ(answer.records[0].values[kE], 1) << odd;
    EXPECT_EQ(answer.records[1].ts, std::nullopt) << odd;
    EXPECT_EQ(answer.records[1].present, 0) << odd;
  }
}

TEST(ReadingsParser, MistakesNothingNestedForTheEnvelope) {
  const ReadingsAnswer answer = parse_readings(
      R"({"x":{"records":[{"ts":1}],"resolution":60,"channel":1},
          "records":[{"ts":900,"x":{"E":5,"ts":7,"y":[{"E":6}]},"E":1}],
          "operatingHours":{"records":[],"E":9},"channel":2})");
  EXPECT_EQ(answer.channel, 2);
  EXPECT_EQ(answer.resolution, std::nullopt);
  ASSERT_EQ(answer.records.size(), 1U);
  EXPECT_EQ(answer.records[0].ts, 900);
  EXPECT_EQ(answer.records[0].values[kE], 1);
}

TEST(ReadingsParser, ReadsUnits) {
  const ReadingsAnswer answer =
      parse_readings(R"({"records":[],"units":{"ts":"Unix Time","E":"kWh","P":"1000","E1":"Wh"}})");
  EXPECT_EQ(answer.energy_unit, "kWh");
  EXPECT_EQ(answer.power_unit, "1000");
}

TEST(ReadingsParser, SaysWhyAnAnswerIsNone) {
  EXPECT_EQ(parse_readings(R"({"error":"Invalid Parameter"})").error,
            "the API says: Invalid Parameter");
  EXPECT_EQ(parse_readings(R"({"error":{"code":500,"message":"busy"}})").error,
            "the API says: busy");
  for (const char* body :
       {"{}", "[]", "7", R"({"records":null})", R"({"records":{}})", R"({"data":{"records":[]}})"})
    EXPECT_EQ(parse_readings(body).error, "no \"records\" in the answer") << body;
  for (const char* body : {"", " ", "<html></html>", R"({"records":[})", R"({"records":[]} x)",
                           R"({"records":[[{"ts":1}]]})"})
    EXPECT_NE(parse_readings(body).error, "") << body;
}

TEST(ReadingsParser, TakesAnErrorBesideNoRecordsForAnError) {
  EXPECT_EQ(parse_readings(R"({"error":"timeout","records":[],"recordCount":0})").error,
            "the API says: timeout");
  for (const char* none : {"null", "false", "\"\"", "0"}) {
    const std::string body = std::string("{\"records\":[],\"error\":") + none + "}";
    EXPECT_EQ(parse_readings(body).error, "") << none;
  }
}

TEST(ReadingsParser, DropsAByteOrderMark) {
  EXPECT_EQ(parse_readings("\xEF\xBB\xBF{\"records\":[]}").error, "");
}

TEST(ReadingsParser, RefusesDeepNestingAndEndlessRecords) {
  EXPECT_EQ(parse_readings(std::string(1000000, '[')).error, "JSON nested too deep");
  std::string many = "{\"records\":[{}";
  for (int i = 0; i < 200000; ++i)
    many += ",{}";
  EXPECT_EQ(parse_readings(many + "]}").error, "more records than any window holds");
}

TEST(ReadingsParser, SurvivesTruncationAtEveryByte) {
  const std::string body = read_fixture("readings_1800.json");
  const std::size_t whole = body.rfind('}') + 1;
  for (std::size_t size = 0; size < whole; ++size)
    EXPECT_NE(parse_readings(body.substr(0, size)).error, "") << size;
}

TEST(ReadingsParser, SurvivesDamageAtRandom) {
  std::mt19937 random(3);
  const std::string body = read_fixture("readings_1800.json");
  const std::string marks =
      "{}[]\",:NaN\\u\xFF\x01"
      "eE+-.0123456789tfn";
  for (int round = 0; round < 3000; ++round) {
    std::string text = body;
    for (unsigned change = 1 + random() % 5; change > 0; --change)
      text[random() % text.size()] = marks[random() % marks.size()];
    const ReadingsAnswer answer = parse_readings(text);
    if (answer.error.empty()) {
      EXPECT_LE(answer.records.size(), 12U);
    }
  }
}

}  // namespace
}  // namespace argo

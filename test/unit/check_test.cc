// Tests of the checks between an answer and the table: first the answer, then each record.
#include "core/check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fake_host.h"

namespace argo {
namespace {

using VerdictKind = Verdict::Kind;
using testing::kNow;
using testing::read_fixture;

constexpr UnixTime kFrom = kNow - kDaySeconds;

Pull asked(std::int32_t channel = 7) {
  Pull pull;
  pull.channel_id = channel;
  pull.window = {kFrom, kNow};
  return pull;
}

Record record_at(double ts, double energy = 250) {
  Record record;
  record.ts = ts;
  record.values[0] = energy;
  record.present = 1;
  return record;
}

// Returns an answer of 900 s bins with these records.
ReadingsAnswer answer_with(std::vector<Record> records) {
  ReadingsAnswer answer;
  answer.channel = 7;
  answer.resolution = kSlotSeconds;
  answer.energy_unit = "Wh";
  answer.power_unit = "W";
  answer.record_count = static_cast<std::int64_t>(records.size());
  answer.records = std::move(records);
  return answer;
}

// Returns an answer with `count` records that lie `step` seconds apart.
ReadingsAnswer answer_every(std::int64_t step, int count) {
  std::vector<Record> records;
  records.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    records.push_back(record_at(static_cast<double>(kFrom + i * step)));
  return answer_with(std::move(records));
}

Pull checked(const std::string& records) {
  Pull pull = asked();
  check_records(parse_readings("{\"records\":[" + records + "]}"), Settings(), kNow, pull);
  return pull;
}

std::string ts(std::int64_t offset) {
  return "\"ts\":" + std::to_string(kFrom + offset);
}

// Returns the reason for which the only record is rejected.
std::string reject_reason(const std::string& record) {
  const Pull pull = checked(record);
  EXPECT_EQ(pull.fetched, 1);
  EXPECT_TRUE(pull.readings.empty()) << record;
  return pull.rejects.size() == 1 ? pull.rejects[0].reason : "not rejected";
}

TEST(CheckAnswer, AcceptsAWholeAnswer) {
  EXPECT_EQ(check_answer(answer_every(kSlotSeconds, 96), asked()).kind, VerdictKind::kAccepted);
  EXPECT_EQ(check_answer(answer_with({}), asked()).kind, VerdictKind::kAccepted);
}

TEST(CheckAnswer, RefusesAnError) {
  ReadingsAnswer answer;
  answer.error = "invalid JSON";
  const Verdict verdict = check_answer(answer, asked());
  EXPECT_EQ(verdict.kind, VerdictKind::kRetry);
  EXPECT_EQ(verdict.reason, "invalid JSON");
}

TEST(CheckAnswer, RefusesAnotherChannel) {
  EXPECT_EQ(check_answer(answer_every(kSlotSeconds, 5), asked(8)).kind, VerdictKind::kRetry);
  ReadingsAnswer silent = answer_every(kSlotSeconds, 5);
  silent.channel.reset();
  EXPECT_EQ(check_answer(silent, asked(8)).kind, VerdictKind::kAccepted);
}

TEST(CheckAnswer, ComparesTheRecordCount) {
  ReadingsAnswer answer = answer_every(kSlotSeconds, 5);
  answer.record_count = 6;
  const Verdict verdict = check_answer(answer, asked());
  EXPECT_EQ(verdict.kind, VerdictKind::kRetry);
  EXPECT_EQ(verdict.reason, "the answer announces 6 records and holds 5");
}

TEST(CheckAnswer, RefusesOtherUnits) {
  ReadingsAnswer answer = answer_every(kSlotSeconds, 5);
  answer.energy_unit = "kWh\n";
  EXPECT_EQ(check_answer(answer, asked()).kind, VerdictKind::kRefused);
  EXPECT_EQ(check_answer(answer, asked()).reason, "energy comes in kWh , not Wh");
  answer.energy_unit = "Wh";
  answer.power_unit = "kW";
  EXPECT_EQ(check_answer(answer, asked()).kind, VerdictKind::kRefused);
  answer.power_unit = "";
  EXPECT_EQ(check_answer(answer, asked()).kind, VerdictKind::kAccepted);
}

TEST(CheckAnswer, SeesAnotherResolutionInARealAnswer) {
  ReadingsAnswer answer = parse_readings(read_fixture("readings_1800.json"));
  // The fixture leaves out most of the 336 records.
  EXPECT_EQ(check_answer(answer, asked(59155)).kind, VerdictKind::kRetry);
  answer.record_count = 6;
  EXPECT_EQ(check_answer(answer, asked(59155)).kind, VerdictKind::kWindowTooLarge);
  answer.resolution = kSlotSeconds;
  EXPECT_EQ(check_answer(answer, asked(59155)).kind, VerdictKind::kWindowTooLarge);
}

TEST(CheckAnswer, SeesAnotherSpacingBehindTheRightResolution) {
  EXPECT_EQ(check_answer(answer_every(1800, 48), asked()).kind, VerdictKind::kWindowTooLarge);
  EXPECT_EQ(check_answer(answer_every(1800, 4), asked()).kind, VerdictKind::kWindowTooLarge);
}

TEST(CheckAnswer, TakesGapsForGaps) {
  ReadingsAnswer answer = answer_with({record_at(static_cast<double>(kFrom)),
                                       record_at(static_cast<double>(kFrom + 900)),
                                       record_at(static_cast<double>(kFrom + 9000)),
                                       record_at(static_cast<double>(kFrom + 18000))});
  EXPECT_EQ(check_answer(answer, asked()).kind, VerdictKind::kAccepted);
  EXPECT_EQ(check_answer(answer_every(3600, 3), asked()).kind, VerdictKind::kAccepted);
}

TEST(CheckAnswer, BelievesNoSpacingThatIsNeitherSaidNorSeen) {
  for (const auto& [step, count] :
       {std::pair{86400, 1}, {21600, 3}, {1800, 2}, {60, 61}, {60, 2}}) {
    ReadingsAnswer answer = answer_every(step, count);
    answer.resolution.reset();
    EXPECT_NE(check_answer(answer, asked()).kind, VerdictKind::kAccepted) << step << " x " << count;
  }
  ReadingsAnswer seen = answer_every(kSlotSeconds, 2);
  seen.resolution.reset();
  EXPECT_EQ(check_answer(seen, asked()).kind, VerdictKind::kAccepted);
  ReadingsAnswer empty = answer_with({});
  empty.resolution.reset();
  EXPECT_EQ(check_answer(empty, asked()).kind, VerdictKind::kAccepted);
}

TEST(CheckRecords, ConvertsUnits) {
  const Pull pull =
      checked("{" + ts(900) +
              R"(,"E":14326.112052649,"P":28648.9,"V":120.5,"I":75.25,"PF":-0.98,"Q":1500})");
  ASSERT_EQ(pull.readings.size(), 1U);
  const Reading& reading = pull.readings[0];
  EXPECT_EQ(reading.ts, kFrom + 900);
  EXPECT_EQ(reading.value(Quantity::kEnergyKwh), 14.326112052649F);
  EXPECT_EQ(reading.value(Quantity::kPowerKw), 28.6489F);
  EXPECT_EQ(reading.value(Quantity::kVoltageV), 120.5F);
  EXPECT_EQ(reading.value(Quantity::kCurrentA), 75.25F);
  EXPECT_EQ(reading.value(Quantity::kPowerFactor), -0.98F);
  EXPECT_EQ(reading.value(Quantity::kReactivePowerKvar), 1.5F);
  EXPECT_TRUE(std::isnan(reading.value(Quantity::kTemperatureC)));
  EXPECT_TRUE(std::isnan(reading.value(Quantity::kRelativeHumidity)));
}

TEST(CheckRecords, RejectsEveryOddTimestamp) {
  EXPECT_EQ(reject_reason(R"({"E":1})"), "missing timestamp");
  EXPECT_EQ(reject_reason(R"({"ts":null,"E":1})"), "missing timestamp");
  EXPECT_EQ(reject_reason("null"), "missing timestamp");
  EXPECT_EQ(reject_reason(R"({"ts":"2026-02-25T00:00:00Z","E":1})"), "timestamp is no Unix time");
  EXPECT_EQ(reject_reason(R"({"ts":true,"E":1})"), "timestamp is no Unix time");
  EXPECT_EQ(reject_reason(R"({"ts":1772000100000,"E":1})"), "future timestamp");
  EXPECT_EQ(reject_reason(R"({"ts":1e300,"E":1})"), "future timestamp");
  EXPECT_EQ(reject_reason("{" + ts(1) + R"(,"E":1})"), "timestamp off the 15-minute grid");
  EXPECT_EQ(reject_reason("{" + ts(900) + R"(.5,"E":1})"), "timestamp off the 15-minute grid");
  EXPECT_EQ(reject_reason("{" + ts(-900) + R"(,"E":1})"), "timestamp outside the window asked for");
  EXPECT_EQ(reject_reason("{" + ts(kDaySeconds) + R"(,"E":1})"),
            "timestamp outside the window asked for");
  EXPECT_EQ(reject_reason("{" + ts(kDaySeconds + 900) + R"(,"E":1})"), "future timestamp");
  EXPECT_EQ(reject_reason(R"({"ts":-9e15,"E":1})"), "timestamp outside the window asked for");
}

TEST(CheckRecords, RejectsEveryOddValue) {
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":"NaN"})"), "value is no finite number");
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":1,"V":Infinity})"), "value is no finite number");
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":1,"V":{}})"), "value is no finite number");
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":1e80})"), "value is no finite number");
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":1,"P":-0.1})"), "negative power");
  EXPECT_EQ(reject_reason("{" + ts(0) + "}"), "no values");
  EXPECT_EQ(reject_reason("{" + ts(0) + R"(,"E":null,"P":""})"), "no values");
}

TEST(CheckRecords, KeepsARejectAsItWasReceived) {
  const Pull pull = checked(R"({"ts":1772000100000,"E":12.5,"P":"NaN","V":3})");
  ASSERT_EQ(pull.rejects.size(), 1U);
  EXPECT_EQ(pull.rejects[0].ts, "1772000100000");
  EXPECT_EQ(pull.rejects[0].values, R"({"E":12.5,"P":"NaN","V":3.0})");
}

TEST(CheckRecords, TakesZerosAndTheSmallest) {
  const Pull pull = checked("{" + ts(0) + R"(,"E":0,"P":-0.0,"V":1e-300})");
  ASSERT_EQ(pull.readings.size(), 1U);
  EXPECT_EQ(pull.readings[0].value(Quantity::kEnergyKwh), 0);
  EXPECT_EQ(pull.readings[0].value(Quantity::kVoltageV), 0);
}

TEST(CheckRecords, SortsAndKeepsTheLastOfRepeatedOnes) {
  const Pull pull = checked("{" + ts(1800) + R"(,"E":1000},{)" + ts(0) + R"(,"E":2000},{)" +
                            ts(1800) + R"(,"E":3000},{)" + ts(900) + R"(,"E":4000},{)" + ts(1800) +
                            R"(,"E":5000},{)" + ts(1) + R"(,"E":1})");
  EXPECT_EQ(pull.fetched, 6);
  EXPECT_EQ(pull.repeated, 2);
  EXPECT_EQ(pull.rejects.size(), 1U);
  ASSERT_EQ(pull.readings.size(), 3U);
  const float expected[] = {2, 4, 5};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pull.readings[i].ts, kFrom + std::int64_t{i} * 900);
    EXPECT_EQ(pull.readings[i].value(Quantity::kEnergyKwh), expected[i]);
  }
}

TEST(CheckRecords, TakesNoMoreEnergyThanTheMostPowerMakes) {
  // A quarter of an hour of 5000 kW, either way.
  const Pull pull = checked("{" + ts(0) + R"(,"E":1250000},{)" + ts(900) + R"(,"E":-1250000},{)" +
                            ts(1800) + R"(,"E":1250001},{)" + ts(2700) + R"(,"E":1e39})");
  EXPECT_EQ(pull.readings.size(), 2U);
  ASSERT_EQ(pull.rejects.size(), 2U);
  EXPECT_EQ(pull.rejects[0].reason, "energy beyond max_power_kw");
  EXPECT_EQ(pull.rejects[1].reason, "energy beyond max_power_kw");
}

TEST(CheckRecords, LetsOneBadRecordCostNoOther) {
  const Pull pull = checked("{" + ts(0) + R"(,"E":1},{"ts":"x"},{)" + ts(900) + R"(,"E":NaN},{)" +
                            ts(1800) + R"(,"E":3})");
  EXPECT_EQ(pull.readings.size(), 2U);
  EXPECT_EQ(pull.rejects.size(), 2U);
  EXPECT_EQ(pull.fetched, 4);
}

}  // namespace
}  // namespace argo

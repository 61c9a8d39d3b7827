// Checks what the API answered before anything is stored: first the answer, then each record.
#include "check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "text.h"

namespace argo {

namespace {

struct Field {
  const char* name;
  float per_unit;  // API units in one of ours: 1000 Wh are 1 kWh
};

// In the order of Quantity.
constexpr std::array<Field, kQuantities> kFields = {
    {{"E", 1000}, {"P", 1000}, {"V", 1}, {"I", 1}, {"PF", 1}, {"Q", 1000}, {"T", 1}, {"RH", 1}}};

constexpr double kSlotHours = kSlotSeconds / 3600.0;

// Fewer records than this say nothing about the spacing of the bins.
constexpr std::size_t kMinRecordsForSpacing = 4;

bool has(const Record& record, std::size_t field) {
  return ((record.present >> field) & 1U) != 0;
}

// Writes a number as it most likely came: whole ones without an exponent.
std::string shortest(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15)
    return std::to_string(static_cast<std::int64_t>(value));
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// Returns the record's timestamp as it was received, or nothing where there was none.
std::string received_ts(const Record& record) {
  if (record.ts)
    return shortest(*record.ts);
  for (const auto& [name, raw] : record.odd)
    if (name == "ts")
      return raw;
  return {};
}

// Returns the record's values as they were received, as a JSON object such as {"E":12.5,"P":"NaN"}.
std::string received_values(const Record& record) {
  nlohmann::json values = nlohmann::json::object();
  for (std::size_t i = 0; i < kQuantities; ++i)
    if (has(record, i))
      values[kFields[i].name] = record.values[i];
  for (const auto& [name, raw] : record.odd)
    if (name != "ts")
      values[name] = raw;
  return values.dump();
}

// Says why the timestamp cannot be stored, or nothing where it can.
const char* timestamp_fault(const Record& record, const TimeRange& window, UnixTime now) {
  if (!record.ts)
    return received_ts(record).empty() ? "missing timestamp" : "timestamp is no Unix time";
  const double ts = *record.ts;
  if (ts > static_cast<double>(now))
    return "future timestamp";
  if (std::fmod(ts, static_cast<double>(kSlotSeconds)) != 0)
    return "timestamp off the 15-minute grid";
  if (ts < static_cast<double>(window.from) || ts >= static_cast<double>(window.to))
    return "timestamp outside the window asked for";
  return nullptr;
}

// Converts the values; says why they cannot be stored, or nothing where they can.
const char* convert_values(const Record& record, const Settings& limits, Reading& reading) {
  if (!record.odd.empty())
    return "value is no finite number";
  if (record.present == 0)
    return "no values";
  for (std::size_t i = 0; i < kQuantities; ++i) {
    reading.values[i] = std::numeric_limits<float>::quiet_NaN();
    if (!has(record, i))
      continue;
    const double value = record.values[i] / static_cast<double>(kFields[i].per_unit);
    if (!(std::fabs(value) <= static_cast<double>(std::numeric_limits<float>::max())))
      return "value is no finite number";
    reading.values[i] = static_cast<float>(value);
  }
  if (reading.value(Quantity::kPowerKw) < 0)
    return "negative power";
  // A value that is not there is NaN, which no comparison finds.
  if (reading.value(Quantity::kPowerKw) > limits.max_power_kw)
    return "power beyond max_power_kw";
  if (std::fabs(reading.value(Quantity::kEnergyKwh)) > limits.max_power_kw * kSlotHours)
    return "energy beyond max_power_kw";
  const double voltage_v = reading.value(Quantity::kVoltageV);
  // A circuit that is dead has 0 V, and that is data.
  if (voltage_v != 0 && (voltage_v < limits.min_voltage_v || voltage_v > limits.max_voltage_v))
    return "voltage beyond min_voltage_v and max_voltage_v";
  if (std::fabs(reading.value(Quantity::kPowerFactor)) > 1)
    return "power factor beyond 1";
  return nullptr;
}

struct Spacing {
  std::size_t times;  // how many different ones
  double narrowest;   // seconds between two of them
};

Spacing spacing_of(const ReadingsAnswer& answer) {
  std::vector<double> times;
  for (const Record& record : answer.records)
    if (record.ts)
      times.push_back(*record.ts);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  Spacing spacing{times.size(), std::numeric_limits<double>::max()};
  for (std::size_t i = 1; i < times.size(); ++i)
    spacing.narrowest = std::min(spacing.narrowest, times[i] - times[i - 1]);
  return spacing;
}

// Sorts by time and keeps the last of each; returns how many went.
std::int64_t drop_repeated(std::vector<Reading>& readings) {
  const auto earlier = [](const Reading& a, const Reading& b) { return a.ts < b.ts; };
  if (!std::is_sorted(readings.begin(), readings.end(), earlier))
    std::stable_sort(readings.begin(), readings.end(), earlier);
  // Of equal times the stable order keeps the last received last; unique keeps the first it meets.
  const auto same = [](const Reading& a, const Reading& b) { return a.ts == b.ts; };
  const auto kept = std::unique(readings.rbegin(), readings.rend(), same).base();
  const auto dropped = kept - readings.begin();
  readings.erase(readings.begin(), kept);
  return dropped;
}

}  // namespace

Verdict check_answer(const ReadingsAnswer& answer, const Pull& asked) {
  using Kind = Verdict::Kind;
  if (!answer.error.empty())
    return {Kind::kRetry, answer.error};
  if (answer.channel && *answer.channel != asked.channel_id)
    return {Kind::kRetry, "the answer is of channel " + std::to_string(*answer.channel)};
  if (answer.record_count &&
      *answer.record_count != static_cast<std::int64_t>(answer.records.size()))
    return {Kind::kRetry, "the answer announces " + std::to_string(*answer.record_count) +
                              " records and holds " + std::to_string(answer.records.size())};
  if (!answer.energy_unit.empty() && answer.energy_unit != "Wh")
    return {Kind::kRefused, "energy comes in " + printable(answer.energy_unit, 20) + ", not Wh"};
  if (!answer.power_unit.empty() && answer.power_unit != "W")
    return {Kind::kRefused, "power comes in " + printable(answer.power_unit, 20) + ", not W"};
  if (answer.resolution && *answer.resolution != kSlotSeconds)
    return {Kind::kWindowTooLarge,
            "asked for bins of 900 s, got bins of " + std::to_string(*answer.resolution) + " s"};
  const Spacing spacing = spacing_of(answer);
  const auto slot = static_cast<double>(kSlotSeconds);
  // A day's energy in one record looks like any other record.
  if (!answer.resolution && spacing.times > 0 && spacing.narrowest != slot)
    return {Kind::kWindowTooLarge, "the answer does not tell the length of its bins"};
  if (spacing.times >= kMinRecordsForSpacing && spacing.narrowest > slot)
    return {Kind::kWindowTooLarge, "asked for bins of 900 s, got records further apart"};
  return {};
}

void check_records(const ReadingsAnswer& answer, const Settings& limits, UnixTime now, Pull& pull) {
  pull.fetched = static_cast<std::int64_t>(answer.records.size());
  pull.readings.reserve(answer.records.size());
  for (const Record& record : answer.records) {
    Reading reading;
    const char* fault = timestamp_fault(record, pull.window, now);
    if (fault == nullptr)
      fault = convert_values(record, limits, reading);
    if (fault != nullptr) {
      pull.rejects.push_back({received_ts(record), received_values(record), fault});
      continue;
    }
    reading.ts = static_cast<UnixTime>(*record.ts);
    pull.readings.push_back(reading);
  }
  pull.repeated = drop_repeated(pull.readings);
}

}  // namespace argo

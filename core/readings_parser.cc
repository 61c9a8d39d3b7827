// Reads an answer of /readings/{channel}: the envelope and its records, as they were sent.
#include "readings_parser.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "json_sax.h"
#include "text.h"

namespace argo {

namespace {

// The API's field names in the order of Quantity.
constexpr std::array<std::string_view, kQuantities> kFieldNames = {"E",  "P", "V", "I",
                                                                   "PF", "Q", "T", "RH"};

// A week of minutes is 10,080 records. Bounds the memory that a small body of "{},{}," takes.
constexpr std::size_t kMaxRecords = 100000;

std::optional<double> to_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

class ReadingsHandler : public JsonHandler {
 public:
  ReadingsAnswer answer;
  bool has_records = false;
  std::optional<std::string> error;

  bool null() { return at_record() ? add_record() : true; }
  bool boolean(bool value) {
    if (depth() == 1 && !value)
      return true;
    return at_record() ? add_record() : other(value ? "true" : "false");
  }
  bool number_integer(number_integer_t value) { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) { return number(value); }
  bool string(string_t& text) {
    if (at_record())
      return add_record();
    if (text.empty())
      return true;
    if (const auto value = to_number(text); value && place_ != Place::kUnits)
      return number(*value);
    return other(std::move(text));
  }

  bool key(string_t& name) {
    switch (depth()) {
      case 1:
        top_key_ = name;
        if (name == "error")
          error = "";
        break;
      case 2:
        if (place_ == Place::kUnits)
          field_ = name;
        break;
      case 3:
        if (place_ == Place::kRecords)
          choose_field(name);
        break;
      default:
        break;
    }
    return true;
  }
  bool start_object(std::size_t) {
    if (depth() == 1 && top_key_ == "units")
      place_ = Place::kUnits;
    else if (at_record() && !add_record())
      return false;
    else if (in_record())
      other("{...}");
    return enter();
  }
  bool end_object() {
    leave();
    if (depth() == 1)
      place_ = Place::kElsewhere;
    return true;
  }
  bool start_array(std::size_t) {
    if (depth() == 1 && top_key_ == "records") {
      place_ = Place::kRecords;
      has_records = true;
      // Of a key that comes twice the last counts.
      answer.records.clear();
    } else if (depth() == 2 && place_ == Place::kRecords) {
      return fail("an array where a record should be");
    } else if (depth() == 3 && place_ == Place::kRecords) {
      other("[...]");
    }
    return enter();
  }
  bool end_array() {
    leave();
    if (depth() == 1)
      place_ = Place::kElsewhere;
    return true;
  }

 private:
  enum class Place : std::uint8_t { kElsewhere, kUnits, kRecords };
  static constexpr int kTs = kQuantities;
  static constexpr int kNoField = -1;

  void choose_field(const std::string& name) {
    record_field_ = kNoField;
    if (name == "ts") {
      record_field_ = kTs;
      return;
    }
    for (std::size_t i = 0; i < kQuantities; ++i)
      if (name == kFieldNames[i])
        record_field_ = static_cast<int>(i);
  }

  // Says whether what comes stands where a record should be.
  bool at_record() const { return depth() == 2 && place_ == Place::kRecords; }
  // Begins a record. One that is no object stays empty, for the checks to reject.
  bool add_record() {
    if (answer.records.size() >= kMaxRecords)
      return fail("more records than any window holds");
    answer.records.emplace_back();
    return true;
  }
  bool in_record() const { return depth() == 3 && place_ == Place::kRecords; }

  bool number(double value) {
    if (at_record())
      return add_record();
    if (in_record()) {
      Record& record = answer.records.back();
      if (record_field_ == kTs) {
        record.ts = value;
      } else if (record_field_ != kNoField) {
        record.values[static_cast<std::size_t>(record_field_)] = value;
        record.present |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(record_field_));
      }
    } else if (depth() == 1 && std::fabs(value) < 1e15) {
      const auto integer = static_cast<std::int64_t>(value);
      if (top_key_ == "channel")
        answer.channel = integer;
      else if (top_key_ == "resolution")
        answer.resolution = integer;
      else if (top_key_ == "recordCount")
        answer.record_count = integer;
    }
    return true;
  }

  // Takes a value that is no number: a unit, an error text, or an odd field of a record.
  bool other(std::string text) {
    if (in_record()) {
      if (record_field_ != kNoField)
        answer.records.back().odd.emplace_back(
            record_field_ == kTs ? "ts" : kFieldNames[static_cast<std::size_t>(record_field_)],
            printable(text, 100));
    } else if (place_ == Place::kUnits && depth() == 2) {
      if (field_ == "E")
        answer.energy_unit = std::move(text);
      else if (field_ == "P")
        answer.power_unit = std::move(text);
    } else if (top_key_ == "error" && error && error->empty()) {
      error = std::move(text);
    }
    return true;
  }

  std::string top_key_;
  std::string field_;
  int record_field_ = kNoField;
  Place place_ = Place::kElsewhere;
};

}  // namespace

ReadingsAnswer parse_readings(std::string_view body) {
  auto handler = parse_json<ReadingsHandler>(body);
  ReadingsAnswer answer = std::move(handler.answer);
  if (!handler.failure().empty())
    answer.error = handler.failure();
  else if (handler.error && (!handler.has_records || !handler.error->empty()))
    answer.error = "the API says: " + printable(*handler.error, 1000);
  else if (!handler.has_records)
    answer.error = "no \"records\" in the answer";
  return answer;
}

}  // namespace argo

// Reads an answer of /readings/{channel}: the envelope and its records, as they were sent.
#ifndef ARGO_CORE_READINGS_PARSER_H_
#define ARGO_CORE_READINGS_PARSER_H_

#include "host_free.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model.h"

namespace argo {

// A record before any check. Values are in the API's units: Wh, W, V, A, VAr, degrees C, percent.
struct Record {
  std::optional<double> ts;  // absent: missing, null or no number
  std::array<double, kQuantities> values{};
  std::uint8_t present = 0;  // bit per Quantity: a finite number was sent
  std::vector<std::pair<std::string, std::string>> odd;  // fields that hold no finite number, raw
};

struct ReadingsAnswer {
  std::optional<std::int64_t> channel, resolution, record_count;
  std::string energy_unit, power_unit;  // empty: not said
  std::vector<Record> records;
  std::string error;  // why this is no answer; empty: it is one
};

// Reads an answer. Order and repetition of keys do not matter, unknown fields are passed over,
// numbers may come as strings.
ReadingsAnswer parse_readings(std::string_view body);

}  // namespace argo

#endif  // ARGO_CORE_READINGS_PARSER_H_

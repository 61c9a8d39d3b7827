// The readings endpoint: what is asked, at which resolution it is answered, and the answer's text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "answer.h"
#include "meter.h"
#include "site.h"

namespace argo::sim {

enum class Quantity { kTs, kE, kP, kV, kI, kPf, kQ, kT, kRh };

struct Field {
  Quantity quantity = Quantity::kTs;
  int phase = 0;  // 0 for the total
};

struct ReadingsQuery {
  int64_t from = 0;
  int64_t to = 0;
  int64_t asked = 900;     // the resolution asked for; 0 for auto
  int64_t resolution = 0;  // the resolution of the records
  int64_t claimed = 0;     // the resolution that the envelope names
  std::string action = "summarize";
  std::vector<Field> fields;
};

// Reads a readings request; false when the API would answer "Invalid Parameter".
bool parse_readings(const Request& request, const Zone& zone, int64_t now, ReadingsQuery& query);

// Chooses the resolution of the answer, coarser than asked when there would be too many records.
int64_t effective_resolution(int64_t asked, int64_t span, int64_t max_records);

// Writes the answer to a readings request.
std::string readings_json(uint64_t seed, ChannelRef ref, const ReadingsQuery& query, int64_t now);

// Writes the ended 900 s records that a perfect client would store, as CSV.
std::string truth_csv(uint64_t seed, ChannelRef ref, int64_t from, int64_t to, int64_t now);

}  // namespace argo::sim

// Writes readings as PostgreSQL takes them, and reads them as it sends them.
#ifndef ARGO_LOADER_ENCODING_H_
#define ARGO_LOADER_ENCODING_H_

#include "core/model.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace argo::loader {

// Stands for a time that is not on the 15-minute grid.
inline constexpr UnixTime kOffGrid = std::numeric_limits<UnixTime>::min();

// The bytes of COPY (channel_id, "timestamp", the quantities in their order) FROM STDIN
// (FORMAT binary).
class CopyBytes {
 public:
  explicit CopyBytes(std::size_t readings);

  void add(std::int32_t channel_id, const Reading& reading);

  // Ends the bytes; nothing may be added any more.
  const std::string& finish();

 private:
  std::string bytes_;
};

// The readings' times in Unix seconds as the text of an array.
std::string times_array(const std::vector<Reading>& readings);

// One quantity of the readings as the text of an array, exact, NULL for NaN.
std::string values_array(const std::vector<Reading>& readings, std::size_t quantity);

// Reads a bigint, a timestamptz (or kOffGrid) and a real in binary format.
std::int64_t decode_bigint(std::string_view bytes);
UnixTime decode_time(std::string_view bytes);
float decode_real(std::string_view bytes);

}  // namespace argo::loader

#endif  // ARGO_LOADER_ENCODING_H_

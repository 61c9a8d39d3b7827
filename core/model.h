// The things that Argo moves: sites, readings, rejects, pulls.
//
// A slot is one 15-minute bin of one channel; a reading fills it. A window is a half-open range of
// slots of one channel; a pull is what became of a window after its retries.
#ifndef ARGO_CORE_MODEL_H_
#define ARGO_CORE_MODEL_H_

#include "host_free.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace argo {

using UnixTime = std::int64_t;  // seconds, UTC

inline constexpr std::int64_t kSlotSeconds = 900;
inline constexpr std::int64_t kDaySeconds = 86400;

// A half-open range of time on the 15-minute grid.
struct TimeRange {
  UnixTime from = 0;
  UnixTime to = 0;

  std::int64_t seconds() const { return to - from; }
  std::int64_t slots() const { return seconds() / kSlotSeconds; }
};

// A range of time of one channel.
struct ChannelRange {
  std::int32_t channel_id = 0;
  TimeRange range;
};

struct Organization {
  std::string id;
  std::string name;
  std::optional<std::string> address, city, postcode, country, timezone;
};

struct Device {
  std::int32_t id = 0;
  std::optional<std::string> name, type, serial_number, firmware_version;
};

struct Channel {
  std::int32_t id = 0;
  std::string name;
  std::optional<std::int32_t> device_id;
  std::optional<std::string> type, unit;
};

// A site as the API lists it.
struct Site {
  Organization organization;
  std::vector<Device> devices;
  std::vector<Channel> channels;
};

// The measured columns of `readings`, in the table's order.
enum class Quantity : std::uint8_t {
  kEnergyKwh,
  kPowerKw,
  kVoltageV,
  kCurrentA,
  kPowerFactor,
  kReactivePowerKvar,
  kTemperatureC,
  kRelativeHumidity,
};
inline constexpr std::size_t kQuantities = 8;

// One row of `readings`. A NaN stands for NULL: a NaN of the API's is rejected before it gets here.
struct Reading {
  UnixTime ts = 0;  // start of the bin
  std::array<float, kQuantities> values{};

  float value(Quantity quantity) const { return values[static_cast<std::size_t>(quantity)]; }
};

// A record that was not stored, as it was received.
struct Reject {
  std::string ts;      // empty: it had none
  std::string values;  // a JSON object by the API's field names, such as {"E":12.5,"P":"NaN"}
  std::string reason;
};

// What became of one window of one channel after its retries.
struct Pull {
  std::int32_t channel_id = 0;
  TimeRange window;
  std::vector<Reading> readings;  // sorted by ts, no ts twice
  std::vector<Reject> rejects;
  std::int64_t fetched = 0;   // records in the answer: readings + rejects + repeated
  std::int64_t repeated = 0;  // records that a later one of the same answer replaced
  std::string error;          // empty: the pull succeeded

  bool failed() const { return !error.empty(); }
};

}  // namespace argo

#endif  // ARGO_CORE_MODEL_H_

// Says when rows may go into `readings` past the executor.
#ifndef ARGO_EXT_DIRECT_RULES_H_
#define ARGO_EXT_DIRECT_RULES_H_

#include "pg.h"

namespace argo::pg {

// The columns of readings that an ingest fills: the key, then the quantities in their order.
inline constexpr int kFilledColumns = 10;
inline constexpr const char* kFilledColumnNames[kFilledColumns] = {
    "channel_id", "timestamp",    "energy_kwh",          "power_kw",      "voltage_v",
    "current_a",  "power_factor", "reactive_power_kvar", "temperature_c", "relative_humidity"};

// Returns why rows must not go past the executor into this table, which is open and locked, or null
// where they may: it is a plain heap of the expected columns, and everything that an INSERT would
// run on it is known here. Finds the numbers of the filled columns, the unique index on
// (channel_id, "timestamp"), and whether the foreign key to channels is there. Within call().
const char* why_not_direct(Relation readings, AttrNumber* columns, Oid* key_index,
                           bool* has_foreign_key);

}  // namespace argo::pg

#endif  // ARGO_EXT_DIRECT_RULES_H_

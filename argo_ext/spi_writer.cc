// Writes readings by INSERT ... ON CONFLICT DO NOTHING through SPI.
#include "readings_writer.h"

#include <cmath>
#include <vector>

#include "boundary.h"

namespace argo::pg {

namespace {

constexpr int kParameters = 2 + static_cast<int>(kQuantities);

// Turns Unix seconds into a timestamptz.
Datum to_timestamptz(UnixTime ts) {
  constexpr std::int64_t kEpochDifferenceDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
  return TimestampTzGetDatum((ts - kEpochDifferenceDays * kDaySeconds) * USECS_PER_SEC);
}

class SpiWriter : public ReadingsWriter {
 public:
  explicit SpiWriter(const std::string& schema) {
    std::string arrays;
    for (int i = 2; i <= kParameters; ++i)
      arrays += (i == 2 ? "" : ", ") + std::string("pg_catalog.unnest($") + std::to_string(i) + ")";
    const std::string sql =
        "INSERT INTO " + schema +
        ".readings (channel_id, \"timestamp\", energy_kwh, power_kw, voltage_v, current_a,"
        " power_factor, reactive_power_kvar, temperature_c, relative_humidity)"
        " SELECT $1, given.* FROM ROWS FROM (" +
        arrays +
        ") AS given"
        " ON CONFLICT (channel_id, \"timestamp\") DO NOTHING";
    plan_ = call([&] {
      Oid types[kParameters] = {INT4OID, TIMESTAMPTZARRAYOID};
      for (int i = 2; i < kParameters; ++i)
        types[i] = FLOAT4ARRAYOID;
      SPIPlanPtr plan = SPI_prepare(sql.c_str(), kParameters, types);
      if (plan == nullptr)
        elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      return plan;
    });
  }

  std::int64_t write(const Pull& pull) override {
    if (pull.readings.empty())
      return 0;
    return call([&]() -> std::int64_t {
      MemoryContext scratch =
          AllocSetContextCreate(CurrentMemoryContext, "Argo readings", ALLOCSET_DEFAULT_SIZES);
      MemoryContext before = MemoryContextSwitchTo(scratch);
      Datum values[kParameters] = {Int32GetDatum(pull.channel_id), timestamps(pull)};
      for (std::size_t i = 0; i < kQuantities; ++i)
        values[i + 2] = quantity(pull, i);
      MemoryContextSwitchTo(before);
      const int code = SPI_execute_plan(plan_, values, nullptr, false, 0);
      if (code != SPI_OK_INSERT)
        elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
      const auto inserted = static_cast<std::int64_t>(SPI_processed);
      MemoryContextDelete(scratch);
      return inserted;
    });
  }

 private:
  static Datum timestamps(const Pull& pull) {
    const int count = static_cast<int>(pull.readings.size());
    auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * pull.readings.size()));
    for (int i = 0; i < count; ++i)
      datums[i] = to_timestamptz(pull.readings[i].ts);
    return PointerGetDatum(construct_array(datums, count, TIMESTAMPTZOID, sizeof(TimestampTz),
                                           FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
  }

  static Datum quantity(const Pull& pull, std::size_t index) {
    int count = static_cast<int>(pull.readings.size());
    int lower_bound = 1;
    auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * pull.readings.size()));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * pull.readings.size()));
    for (int i = 0; i < count; ++i) {
      const float value = pull.readings[i].values[index];
      nulls[i] = std::isnan(value);
      datums[i] = Float4GetDatum(value);
    }
    return PointerGetDatum(construct_md_array(datums, nulls, 1, &count, &lower_bound, FLOAT4OID,
                                              sizeof(float4), true, TYPALIGN_INT));
  }

  SPIPlanPtr plan_ = nullptr;
};

}  // namespace

std::unique_ptr<ReadingsWriter> make_spi_writer(const std::string& schema) {
  return std::make_unique<SpiWriter>(schema);
}

}  // namespace argo::pg

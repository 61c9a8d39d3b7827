// Readings as PostgreSQL takes them: the bytes of COPY, the text of arrays, and back.
#include "loader/encoding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace argo::loader {
namespace {

constexpr float kNull = std::numeric_limits<float>::quiet_NaN();

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values)
    out += static_cast<char>(value);
  return out;
}

Reading reading(UnixTime ts, float energy, float power) {
  Reading out;
  out.ts = ts;
  out.values.fill(kNull);
  out.values[0] = energy;
  out.values[1] = power;
  return out;
}

// As psql -c "COPY (SELECT 59155, '2000-01-01 00:15+00'::timestamptz, 1.5::real, -2::real,
// NULL::real, ...) TO STDOUT (FORMAT binary)" writes it.
TEST(CopyBytes, AreThoseOfPostgres) {
  CopyBytes copy(1);
  copy.add(59155, reading(946684800 + 900, 1.5F, -2.0F));
  std::string expected("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  expected +=
      bytes({0, 10, 0, 0, 0, 4, 0, 0, 0xE7, 0x13, 0, 0, 0, 8, 0, 0, 0, 0, 0x35, 0xA4, 0xE9, 0});
  expected += bytes({0, 0, 0, 4, 0x3F, 0xC0, 0, 0, 0, 0, 0, 4, 0xC0, 0, 0, 0});
  for (int null = 0; null < 6; ++null)
    expected += bytes({0xFF, 0xFF, 0xFF, 0xFF});
  expected += bytes({0xFF, 0xFF});
  EXPECT_EQ(copy.finish(), expected);
}

TEST(CopyBytes, HoldTimesBefore2000) {
  CopyBytes copy(1);
  copy.add(1, reading(946684800 - 900, 0, 0));
  EXPECT_EQ(decode_time(copy.finish().substr(19 + 2 + 8 + 4, 8)), 946684800 - 900);
}

TEST(Arrays, AreExactAndKnowNull) {
  const std::vector<Reading> readings = {reading(900, 0.1F, kNull),
                                         reading(1800, std::numeric_limits<float>::max(), -0.0F),
                                         reading(-900, 16777217.0F, 1e-45F)};
  EXPECT_EQ(times_array(readings), "{900,1800,-900}");
  EXPECT_EQ(values_array(readings, 0), "{0.1,3.4028235e+38,16777216}");
  EXPECT_EQ(values_array(readings, 1), "{NULL,-0,1e-45}");
  EXPECT_EQ(values_array({}, 0), "{}");
}

TEST(Decode, ReadsWhatPostgresSends) {
  EXPECT_EQ(decode_bigint(bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE})), -2);
  EXPECT_EQ(decode_time(bytes({0, 0, 0, 0, 0x35, 0xA4, 0xE9, 0})), 946684800 + 900);
  EXPECT_EQ(decode_time(bytes({0, 0, 0, 0, 0x35, 0xA4, 0xE9, 1})), kOffGrid);
  EXPECT_EQ(decode_real(bytes({0xC0, 0, 0, 0})), -2.0F);
}

}  // namespace
}  // namespace argo::loader

// What the ingest benchmarks measure inside the server: storing readings that cost nothing to get,
// and parsing and storing answers that were fetched beforehand.
#include "../../argo_ext/readings_store.h"

#include "../../core/check.h"
#include "../../core/readings_parser.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../../argo_ext/boundary.h"
#include "../../argo_ext/sql.h"

extern "C" {
PG_MODULE_MAGIC;
}

namespace {

using argo::Pull;
using argo::Reading;
using argo::UnixTime;

constexpr int kChannels = 17;
constexpr UnixTime kFirst = 1704067200;  // 2024-01-01 00:00 UTC
constexpr std::int64_t kWindowSeconds = 7 * argo::kDaySeconds;

// As many as the ingest keeps before it stores them.
constexpr std::size_t kStoreAtReadings = 65536;

// Writes pulls as the ingest does, or by INSERT ... SELECT FROM unnest() ... ON CONFLICT DO
// NOTHING.
class Writer {
 public:
  Writer(const std::string& schema, bool by_sql) {
    if (by_sql)
      sql_ = std::make_unique<argo::pg::SpiTable>(schema);
    else
      store_ = std::make_unique<argo::pg::ReadingsStore>(schema, argo::OnConflict::kNothing);
  }

  void add(Pull pull) {
    waiting_readings_ += pull.readings.size();
    waiting_.push_back(std::move(pull));
    if (waiting_readings_ >= kStoreAtReadings)
      flush();
  }

  // Stores what still waits; returns how many readings were new.
  std::int64_t finish() {
    flush();
    if (store_)
      store_->finish();
    return inserted_;
  }

 private:
  void flush() {
    if (store_)
      store_->lock_channels(waiting_);
    for (const Pull& pull : waiting_)
      inserted_ += store_ ? store_->store(pull).inserted
                          : sql_->insert_missing(pull.channel_id, pull.readings);
    waiting_.clear();
    waiting_readings_ = 0;
  }

  std::unique_ptr<argo::pg::ReadingsStore> store_;
  std::unique_ptr<argo::pg::SpiTable> sql_;
  std::vector<Pull> waiting_;
  std::size_t waiting_readings_ = 0;
  std::int64_t inserted_ = 0;
};

// Makes the same five values for a slot each time.
Reading make_reading(int channel, UnixTime ts) {
  const auto noise =
      static_cast<std::uint32_t>((ts / argo::kSlotSeconds + channel) * std::int64_t{2654435761});
  const float share = static_cast<float>(noise >> 8) / static_cast<float>(1U << 24);
  constexpr float kNull = std::numeric_limits<float>::quiet_NaN();
  return {ts, {share * 5, share * 20, 230 + share, share * 87, 1 - share / 5, kNull, kNull, kNull}};
}

Pull make_pull(int channel, const argo::TimeRange& window) {
  Pull pull;
  pull.channel_id = channel;
  pull.window = window;
  pull.readings.reserve(static_cast<std::size_t>(window.slots()));
  for (UnixTime ts = window.from; ts < window.to; ts += argo::kSlotSeconds)
    pull.readings.push_back(make_reading(channel, ts));
  return pull;
}

// An answer of the API, and what was asked.
struct Answer {
  Pull asked;
  std::string body;
};

// Kept between two calls of one session, so that the second one reads no file.
std::vector<Answer> answers;

// Reads a file that is named number-channel-from-to.
Answer read_answer(const std::filesystem::path& file) {
  Answer answer;
  std::istringstream name(file.filename());
  int number = 0;
  char dash = '-';
  name >> number >> dash >> answer.asked.channel_id >> dash >> answer.asked.window.from >> dash >>
      answer.asked.window.to;
  if (!name)
    throw std::runtime_error("not an answer's name: " + file.string());
  std::ifstream stream(file, std::ios::binary);
  answer.body.assign(std::istreambuf_iterator<char>(stream), {});
  return answer;
}

}  // namespace

// bench_store(schema, way, slots): stores so many slots of each channel, by time, then channel. The
// way is 'argo' or 'sql'.
ARGO_FUNCTION(bench_store, Statement::kMayBeLogged) {
  const std::string schema = *argo::pg::text_argument(fcinfo, 0);
  const std::string way = *argo::pg::text_argument(fcinfo, 1);
  const UnixTime end = kFirst + PG_GETARG_INT32(2) * argo::kSlotSeconds;
  argo::pg::open_spi();
  Writer writer(schema, way == "sql");
  for (UnixTime from = kFirst; from < end; from += kWindowSeconds)
    for (int channel = 1; channel <= kChannels; ++channel)
      writer.add(make_pull(channel, {from, std::min(end, from + kWindowSeconds)}));
  const std::int64_t inserted = writer.finish();
  argo::pg::close_spi();
  PG_RETURN_INT64(inserted);
}

// bench_load(directory): reads the answers that bench_parse() works on, in the order of their
// names.
ARGO_FUNCTION(bench_load, Statement::kMayBeLogged) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*argo::pg::text_argument(fcinfo, 0)))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  answers.clear();
  for (const auto& file : files)
    answers.push_back(read_answer(file));
  PG_RETURN_INT64(static_cast<std::int64_t>(answers.size()));
}

// bench_parse(schema, now): parses and checks the answers and stores them there, or nowhere where
// the schema is NULL. Returns the number of readings.
ARGO_FUNCTION(bench_parse, Statement::kMayBeLogged) {
  const auto schema = argo::pg::text_argument(fcinfo, 0);
  const UnixTime now = PG_GETARG_INT64(1);
  argo::pg::open_spi();
  std::unique_ptr<Writer> writer = schema ? std::make_unique<Writer>(*schema, false) : nullptr;
  std::int64_t readings = 0;
  for (const Answer& answer : answers) {
    const argo::ReadingsAnswer parsed = argo::parse_readings(answer.body);
    Pull pull = answer.asked;
    if (check_answer(parsed, pull).kind != argo::Verdict::Kind::kAccepted)
      throw std::runtime_error("an answer was not accepted");
    check_records(parsed, argo::Settings(), now, pull);
    readings += static_cast<std::int64_t>(pull.readings.size());
    if (writer)
      writer->add(std::move(pull));
  }
  if (writer)
    readings = writer->finish();
  argo::pg::close_spi();
  PG_RETURN_INT64(readings);
}

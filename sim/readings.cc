// Parses readings requests and writes their answers record by record into one buffer.
#include "readings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "text.h"

namespace argo::sim {
namespace {

constexpr int64_t kMaxTime = 100'000'000'000;

struct FieldName {
  const char* name;
  Field field;
  const char* unit;
};

constexpr FieldName kFields[] = {
    {"ts", {Quantity::kTs, 0}, "Unix Time"}, {"E", {Quantity::kE, 0}, "Wh"},
    {"P", {Quantity::kP, 0}, "W"},           {"V", {Quantity::kV, 0}, "V"},
    {"I", {Quantity::kI, 0}, "A"},           {"PF", {Quantity::kPf, 0}, ""},
    {"Q", {Quantity::kQ, 0}, "VAr"},         {"T", {Quantity::kT, 0}, "\u00b0C"},
    {"RH", {Quantity::kRh, 0}, "%"},         {"E1", {Quantity::kE, 1}, "Wh"},
    {"E2", {Quantity::kE, 2}, "Wh"},         {"E3", {Quantity::kE, 3}, "Wh"},
    {"P1", {Quantity::kP, 1}, "W"},          {"P2", {Quantity::kP, 2}, "W"},
    {"P3", {Quantity::kP, 3}, "W"},          {"V1", {Quantity::kV, 1}, "V"},
    {"V2", {Quantity::kV, 2}, "V"},          {"V3", {Quantity::kV, 3}, "V"},
    {"I1", {Quantity::kI, 1}, "A"},          {"I2", {Quantity::kI, 2}, "A"},
    {"I3", {Quantity::kI, 3}, "A"},          {"PF1", {Quantity::kPf, 1}, ""},
    {"PF2", {Quantity::kPf, 2}, ""},         {"PF3", {Quantity::kPf, 3}, ""},
    {"Q1", {Quantity::kQ, 1}, "VAr"},        {"Q2", {Quantity::kQ, 2}, "VAr"},
    {"Q3", {Quantity::kQ, 3}, "VAr"},
};

// Finds the table row of a field's name, or null.
const FieldName* find_field(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const FieldName& field) { return name == field.name; });
  return found == std::end(kFields) ? nullptr : found;
}

// Finds the table row of a field.
const FieldName& name_of(const Field& field) {
  return *std::find_if(std::begin(kFields), std::end(kFields), [&](const FieldName& row) {
    return row.field.quantity == field.quantity && row.field.phase == field.phase;
  });
}

// Reads YYYY-MM-DD.
std::optional<CivilDate> read_date(std::string_view text) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !read_integer(text.substr(0, 4), year) || !read_integer(text.substr(5, 2), month) ||
      !read_integer(text.substr(8, 2), day) || month < 1 || month > 12 || day < 1 || day > 31) {
    return std::nullopt;
  }
  return CivilDate{year, static_cast<int>(month), static_cast<int>(day)};
}

// Reads one end of a range: Unix seconds, or the local midnight of a date.
std::optional<int64_t> read_moment(std::string_view text, const Zone& zone) {
  int64_t seconds = 0;
  if (read_integer(text, seconds)) {
    return std::abs(seconds) < kMaxTime ? std::optional(seconds) : std::nullopt;
  }
  const auto date = read_date(text);
  return date ? std::optional(local_midnight(zone, *date)) : std::nullopt;
}

// Reads the range; without a usable one it is the day before now, anchored at this very second.
void parse_range(const Request& request, const Zone& zone, int64_t now, ReadingsQuery& query) {
  query.from = now - kDay;
  query.to = now;
  const auto [first, last] = request.params.equal_range("daterange[]");
  if (std::distance(first, last) != 2) {
    return;
  }
  const std::string_view from_text = first->second;
  const std::string_view to_text = std::next(first)->second;
  const auto from = read_moment(from_text, zone);
  auto to = read_moment(to_text, zone);
  if (const auto date = read_date(to_text); date && from_text == to_text) {
    to = local_midnight(zone, civil_from_days(days_from_civil(*date) + 1));
  }
  if (from && to && *from < *to) {
    query.from = *from;
    query.to = *to;
  }
}

// Visits the records in a range: `visit(start, length, metered)` for each bin that has data.
template <typename Visit>
void for_each_bin(Meter& meter, int64_t from, int64_t to, int64_t resolution, int64_t horizon,
                  Visit visit) {
  // Bins are counted from `from`, also those that lie before the first data and are passed over.
  const int64_t skipped = std::max<int64_t>(0, floor_div(kDataStart - from, resolution));
  for (int64_t at = from + skipped * resolution; at < to && at < horizon; at += resolution) {
    const int64_t end = std::min(at + resolution, horizon);
    const Metered metered = meter.measure(at, end);
    if (metered.seconds > 0) {
      visit(at, end - at, metered);
    }
  }
}

// Finds a field's value in a bin, in billionths.
int64_t value_of(Meter& meter, const Field& field, int64_t at, const Metered& metered,
                 const Means& means) {
  const double share = field.phase == 0 ? 1 : meter.phase_share(at, field.phase);
  switch (field.quantity) {
    case Quantity::kE:
      return field.phase == 0 ? metered.nano_wh
                              : static_cast<int64_t>(static_cast<double>(metered.nano_wh) * share);
    case Quantity::kP:
      return to_nano(means.p * share);
    case Quantity::kV:
      return to_nano(means.v * (field.phase == 0 ? 1 : 1 + (field.phase - 2) * 0.002));
    case Quantity::kI:
      return to_nano(means.i * (field.phase == 0 ? 1 : meter.phases() * share));
    case Quantity::kPf:
      return to_nano(means.pf);
    case Quantity::kQ:
      return means.pf == 0
                 ? 0
                 : to_nano(means.p * share * std::sqrt(1 - means.pf * means.pf) / means.pf);
    case Quantity::kT:
      return to_nano(meter.climate(at).first);
    case Quantity::kRh:
      return to_nano(meter.climate(at).second);
    case Quantity::kTs:
      break;
  }
  return at * kNano;
}

// Writes the envelope's members before `recordCount`.
std::string envelope(ChannelRef ref, const ReadingsQuery& query) {
  const Device& device = ref.site->devices[ref.channel->device];
  std::string text = "{\"uuid\":\"" + device.uuid + "\",\"name\":" + ref.channel->json_name +
                     ",\"channel\":" + std::to_string(ref.channel->id) +
                     ",\"organization\":" + std::to_string(ref.site->id) + ",\"timeZone\":\"" +
                     ref.site->zone.name + "\",\"from\":" + std::to_string(query.from) +
                     ",\"to\":" + std::to_string(query.to) +
                     ",\"resolution\":" + std::to_string(query.claimed) + ",\"action\":\"" +
                     query.action + "\",\"units\":{\"ts\":\"Unix Time\"";
  for (const Field& field : query.fields) {
    const FieldName& row = name_of(field);
    text += std::string(",\"") + row.name + "\":\"" + row.unit + "\"";
  }
  return text + "},\"recordCount\":";
}

}  // namespace

bool parse_readings(const Request& request, const Zone& zone, int64_t now, ReadingsQuery& query) {
  const auto [first, last] = request.params.equal_range("fields[]");
  if (first == last) {
    return false;
  }
  query.fields.clear();
  for (auto it = first; it != last; ++it) {
    const FieldName* row = find_field(it->second);
    if (row == nullptr) {
      return false;
    }
    const bool again = std::any_of(query.fields.begin(), query.fields.end(),
                                   [&](const Field& field) { return &name_of(field) == row; });
    if (!again && row->field.quantity != Quantity::kTs) {
      query.fields.push_back(row->field);
    }
  }
  const std::string_view res = request.param("res");
  query.asked = 0;
  if (!res.empty() && res != "auto") {
    static constexpr std::array<int64_t, 5> kAllowed{60, 900, 1800, 3600, 86400};
    if (!read_integer(res, query.asked) ||
        std::find(kAllowed.begin(), kAllowed.end(), query.asked) == kAllowed.end()) {
      return false;
    }
  }
  const std::string_view action = request.param("action");
  if (!action.empty() && action != "summarize") {
    return false;
  }
  parse_range(request, zone, now, query);
  return true;
}

int64_t effective_resolution(int64_t asked, int64_t span, int64_t max_records) {
  int64_t resolution = asked == 0 ? 60 : asked;
  while (resolution < kDay && (span + resolution - 1) / resolution > max_records) {
    // Seven days asked at 60 came at 1800 from the live API, so 60 is never coarsened to 900.
    resolution = resolution < 1800 && !(asked == 0 && resolution == 60)
                     ? 1800
                     : (resolution == 60 ? 900 : (resolution == 1800 ? 3600 : kDay));
  }
  return resolution;
}

std::string readings_json(uint64_t seed, ChannelRef ref, const ReadingsQuery& query, int64_t now) {
  Meter meter(seed, *ref.site, *ref.channel);
  const std::string_view quote = ref.channel->role == Role::kStrings ? "\"" : "";
  struct Column {
    Field field;
    char key[8];
    size_t key_size;
  };
  std::vector<Column> columns;
  for (const Field& field : query.fields) {
    Column column{field, {}, 0};
    const std::string key = std::string(",\"") + name_of(field).name + "\":" + std::string(quote);
    column.key_size = key.copy(column.key, sizeof column.key);
    columns.push_back(column);
  }
  std::string text = envelope(ref, query);
  constexpr size_t kCountRoom = 40;
  constexpr std::string_view kRecords = ",\"records\":[";
  constexpr std::string_view kTail = "],\"operatingHours\":{}}";
  const int64_t begin = std::max(query.from, kDataStart - query.resolution);
  const int64_t until = std::min(query.to, meter.horizon(now));
  const auto bins =
      static_cast<size_t>(std::max<int64_t>(0, (until - begin) / query.resolution + 2));
  const size_t record_room = 2 * kNumberRoom + columns.size() * (kNumberRoom + sizeof Column::key);
  const size_t head = text.size();
  // The count is only known at the end: the records leave room before them, which is closed then.
  text.resize(head + kCountRoom + bins * record_room + kTail.size());
  char* const start = text.data() + head + kCountRoom;
  char* at = start;
  int64_t count = 0;
  for_each_bin(meter, query.from, query.to, query.resolution, meter.horizon(now),
               [&](int64_t ts, int64_t length, const Metered& metered) {
                 const Means means = meter.means(ts, length, metered);
                 at = put(at, count++ == 0 ? "{\"ts\":" : ",{\"ts\":");
                 at = put_integer(at, ts);
                 for (const Column& column : columns) {
                   std::memcpy(at, column.key, sizeof column.key);
                   at += column.key_size;
                   at = put_nano(at, value_of(meter, column.field, ts, metered, means));
                   at = put(at, quote);
                 }
                 *at++ = '}';
               });
  at = put(at, kTail);
  text.resize(static_cast<size_t>(at - text.data()));
  std::string count_text = std::to_string(count) + std::string(kRecords);
  // JSON allows spaces between tokens, but the live API sends none; a short move is cheap.
  text.replace(head, kCountRoom, count_text);
  return text;
}

std::string truth_csv(uint64_t seed, ChannelRef ref, int64_t from, int64_t to, int64_t now) {
  std::string text = "ts,E,P,V,I,PF\n";
  if (ref.channel->role == Role::kVirtual) {
    return text;
  }
  Meter meter(seed, *ref.site, *ref.channel);
  const int64_t ended = floor_div(meter.horizon(now), kCell) * kCell;
  const int64_t aligned = -floor_div(-from, kCell) * kCell;
  static constexpr Quantity kColumns[] = {Quantity::kE, Quantity::kP, Quantity::kV, Quantity::kI,
                                          Quantity::kPf};
  for_each_bin(meter, aligned, to, kCell, ended,
               [&](int64_t ts, int64_t length, const Metered& metered) {
                 const Means means = meter.means(ts, length, metered);
                 char line[6 * kNumberRoom + 8];
                 char* at = put_integer(line, ts);
                 for (const Quantity quantity : kColumns) {
                   *at++ = ',';
                   at = put_nano(at, value_of(meter, {quantity, 0}, ts, metered, means));
                 }
                 *at++ = '\n';
                 text.append(line, static_cast<size_t>(at - line));
               });
  return text;
}

}  // namespace argo::sim

// The one table of mutations, each an edit of the right answer's text.
#include "mutations.h"

#include <algorithm>

#include "text.h"
#include "zone.h"

namespace argo::sim {
namespace {

// A readings answer taken apart: envelope, records, rest. A list is all envelope.
struct Parts {
  std::string head;
  std::vector<std::string> records;
  std::string tail;
};

struct Edit {
  const Json& params;
  int64_t now;
  std::string field;  // the member that value mutations change
};

struct Mutation {
  const char* name;
  const char* value;                                            // replaces the field's value, or
  void (*record)(const Edit& edit, std::string& record);        // edits a record, or
  void (*whole)(const Edit& edit, Parts& parts, size_t index);  // edits everything
};

// Reads the record's timestamp.
int64_t ts_of(const std::string& record) {
  const auto [begin, end] = find_value(record, "ts");
  int64_t ts = 0;
  if (begin != std::string::npos) {
    read_integer(std::string_view(record).substr(begin, end - begin), ts);
  }
  return ts;
}

// Takes a member out of a record.
void remove_member(std::string& record, const std::string& key) {
  const auto [begin, end] = find_value(record, key);
  if (begin == std::string::npos) {
    return;
  }
  size_t from = begin - key.size() - 3;
  size_t to = end;
  if (record[from - 1] == ',') {
    --from;
  } else if (to < record.size() && record[to] == ',') {
    ++to;
  }
  record.erase(from, to - from);
}

// Puts a value before and behind the field's own.
void wrap(const Edit& edit, std::string& record, const char* before, const char* behind) {
  const auto [begin, end] = find_value(record, edit.field);
  if (begin != std::string::npos) {
    record.insert(end, behind);
    record.insert(begin, before);
  }
}

// Replaces the timestamp by a formatted one.
void set_ts(std::string& record, const std::string& value) {
  replace_value(record, "ts", value);
}

// Replaces the first name in the body.
void set_name(Parts& parts, const std::string& value) {
  for (const char* key : {"name", "channelName", "organizationName", "deviceName"}) {
    if (replace_value(parts.head, key, value)) {
      return;
    }
  }
}

void ts_iso(const Edit& /*edit*/, std::string& record) {
  const int64_t ts = ts_of(record);
  const int64_t days = floor_div(ts, kDay);
  const CivilDate date = civil_from_days(days);
  const auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const int64_t second = ts - days * kDay;
  set_ts(record, "\"" + std::to_string(date.year) + "-" + two(date.month) + "-" + two(date.day) +
                     "T" + two(second / 3600) + ":" + two(second / 60 % 60) + ":" +
                     two(second % 60) + "Z\"");
}

// Puts a record behind another one, and counts it as one more.
void insert_behind(Parts& parts, size_t index, const std::string& record) {
  parts.records.insert(parts.records.begin() + static_cast<std::ptrdiff_t>(index) + 1, record);
  replace_value(parts.head, "recordCount", std::to_string(parts.records.size()));
}

void duplicate_equal(const Edit& /*edit*/, Parts& parts, size_t index) {
  insert_behind(parts, index, std::string(parts.records[index]));
}

void duplicate_different(const Edit& edit, Parts& parts, size_t index) {
  std::string copy = parts.records[index];
  replace_value(copy, edit.field, "1.25");
  insert_behind(parts, index, copy);
}

// Names another channel in the envelope.
void other_channel(const Edit& edit, Parts& parts, size_t /*index*/) {
  replace_value(parts.head, "channel", std::to_string(int_param(edit.params, "channel", 99999)));
}

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> all{
      // Values of `field`.
      {"string-number", nullptr,
       [](const Edit& edit, std::string& record) { wrap(edit, record, "\"", "\""); }, nullptr},
      {"empty-string", "\"\"", nullptr, nullptr},
      {"nan-string", "\"NaN\"", nullptr, nullptr},
      {"text", "\"n/a\"", nullptr, nullptr},
      {"nan", "NaN", nullptr, nullptr},
      {"infinity", "Infinity", nullptr, nullptr},
      {"minus-infinity", "-Infinity", nullptr, nullptr},
      {"huge-exponent", "1e999", nullptr, nullptr},
      {"tiny-exponent", "1e-999", nullptr, nullptr},
      {"long-number",
       "77777777777777777777777777777777777777777777777777777777777777777777777777777777", nullptr,
       nullptr},
      {"float-overflow", "1e39", nullptr, nullptr},
      {"boolean", "true", nullptr, nullptr},
      {"null", "null", nullptr, nullptr},
      {"object", "{\"value\":1}", nullptr, nullptr},
      {"array", "[1,2]", nullptr, nullptr},
      {"negative", nullptr,
       [](const Edit& edit, std::string& record) { wrap(edit, record, "-", ""); }, nullptr},
      {"missing", nullptr,
       [](const Edit& edit, std::string& record) { remove_member(record, edit.field); }, nullptr},
      {"duplicate-key", nullptr,
       [](const Edit& edit, std::string& record) {
         record.insert(record.size() - 1, ",\"" + edit.field + "\":1.25");
       },
       nullptr},
      {"unknown-field", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         record.insert(record.size() - 1, ",\"zz\":{\"deep\":[1,{\"E\":5}]},\"note\":\"x\"");
       },
       nullptr},
      {"record-null", nullptr, [](const Edit& /*edit*/, std::string& record) { record = "null"; },
       nullptr},
      {"record-number", nullptr, [](const Edit& /*edit*/, std::string& record) { record = "7"; },
       nullptr},
      // Timestamps.
      {"ts-null", nullptr,
       [](const Edit& /*edit*/, std::string& record) { set_ts(record, "null"); }, nullptr},
      {"ts-missing", nullptr,
       [](const Edit& /*edit*/, std::string& record) { remove_member(record, "ts"); }, nullptr},
      {"ts-string", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         set_ts(record, "\"" + std::to_string(ts_of(record)) + "\"");
       },
       nullptr},
      {"ts-float", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         set_ts(record, std::to_string(ts_of(record)) + ".5");
       },
       nullptr},
      {"ts-milliseconds", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         set_ts(record, std::to_string(ts_of(record)) + "000");
       },
       nullptr},
      {"ts-iso", nullptr, ts_iso, nullptr},
      {"ts-huge", nullptr,
       [](const Edit& /*edit*/, std::string& record) { set_ts(record, "99999999999999999999"); },
       nullptr},
      {"ts-negative", nullptr,
       [](const Edit& /*edit*/, std::string& record) { set_ts(record, "-900"); }, nullptr},
      {"ts-future", nullptr,
       [](const Edit& edit, std::string& record) {
         set_ts(record, std::to_string((edit.now / 900 + 960) * 900));
       },
       nullptr},
      {"ts-outside", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         set_ts(record, std::to_string(ts_of(record) - 365 * kDay));
       },
       nullptr},
      {"ts-unaligned", nullptr,
       [](const Edit& /*edit*/, std::string& record) {
         set_ts(record, std::to_string(ts_of(record) + 380));
       },
       nullptr},
      {"ts-duplicate-equal", nullptr, nullptr, duplicate_equal},
      {"ts-duplicate-different", nullptr, nullptr, duplicate_different},
      {"ts-unsorted", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t /*index*/) {
         std::reverse(parts.records.begin(), parts.records.end());
       }},
      // Envelope.
      {"other-channel", nullptr, nullptr, other_channel},
      {"coarser", nullptr, nullptr, [](const Edit& /*edit*/, Parts& /*parts*/, size_t) {}},
      {"unit-kwh", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         replace_value(parts.head, "E", "\"kWh\"", parts.head.find("\"units\":"));
       }},
      {"unit-kw", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         replace_value(parts.head, "P", "\"kW\"", parts.head.find("\"units\":"));
       }},
      {"no-units", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { remove_member(parts.head, "units"); }},
      {"no-resolution", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { remove_member(parts.head, "resolution"); }},
      {"record-count", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         replace_value(parts.head, "recordCount", "123456");
       }},
      {"records-lost", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         parts.records.resize((parts.records.size() + 1) / 2);
       }},
      {"records-null", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         parts = {parts.head.substr(0, parts.head.size() - 1) + "null", {}, parts.tail.substr(1)};
       }},
      {"records-missing", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         const size_t comma = parts.head.rfind(",\"records\":");
         parts = {parts.head.substr(0, comma), {}, parts.tail.substr(1)};
       }},
      {"extra-records", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         parts.tail.insert(parts.tail.size() - 1, ",\"records\":[]");
       }},
      {"trailing-garbage", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { parts.tail += "<br />Notice: x"; }},
      // Names.
      {"name-invalid-utf8", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         set_name(parts, "\"Caf\xE9 \xFF\xC0\xAF\"");
       }},
      {"name-nul", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { set_name(parts, "\"A\\u0000B\""); }},
      {"name-raw-nul", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         set_name(parts, std::string("\"A\0B\"", 5));
       }},
      {"name-surrogate", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { set_name(parts, "\"A\\ud83dB\""); }},
      {"name-script", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         set_name(parts, R"("<script>alert('x')</script> \"q\"; DROP TABLE readings;--")");
       }},
      {"name-long", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) {
         set_name(parts, "\"" + std::string(100000, 'n') + "\"");
       }},
      {"name-null", nullptr, nullptr,
       [](const Edit& /*edit*/, Parts& parts, size_t) { set_name(parts, "null"); }},
  };
  return all;
}

// Finds a mutation, or null.
const Mutation* find_mutation(std::string_view name) {
  const auto& all = mutations();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Mutation& m) { return name == m.name; });
  return found == all.end() ? nullptr : &*found;
}

// Takes an answer apart.
Parts split(const std::string& body) {
  constexpr std::string_view kRecords = "\"records\":[";
  constexpr std::string_view kBetween = "},{\"ts\":";
  const size_t at = body.find(kRecords);
  const size_t end = body.rfind("],\"operatingHours\"");
  if (at == std::string::npos || end == std::string::npos) {
    return {body, {}, ""};
  }
  const size_t first = at + kRecords.size();
  Parts parts{body.substr(0, first), {}, body.substr(end)};
  for (size_t from = first; from < end;) {
    const size_t next = body.find(kBetween, from);
    const size_t stop = next == std::string::npos || next > end ? end : next + 1;
    parts.records.push_back(body.substr(from, stop - from));
    from = stop + 1;
  }
  return parts;
}

// Puts an answer together again.
std::string join(const Parts& parts) {
  std::string body = parts.head;
  for (size_t i = 0; i < parts.records.size(); ++i) {
    body += (i == 0 ? "" : ",") + parts.records[i];
  }
  return body + parts.tail;
}

}  // namespace

bool is_mutation(std::string_view name) {
  return find_mutation(name) != nullptr;
}

std::vector<std::string> mutation_names() {
  std::vector<std::string> names;
  for (const Mutation& mutation : mutations()) {
    names.emplace_back(mutation.name);
  }
  return names;
}

int64_t coarser_than(int64_t resolution) {
  return resolution < 3600 ? 3600 : kDay;
}

void spoil_records(const FaultContext& context, Answer& answer) {
  const Mutation* mutation = find_mutation(text_param(context.params, "mutate", ""));
  if (mutation == nullptr) {
    return;
  }
  Parts parts = split(answer.body);
  const Edit edit{context.params, context.now, text_param(context.params, "field", "E")};
  const auto size = static_cast<int64_t>(parts.records.size());
  const int64_t first =
      std::clamp<int64_t>(int_param(context.params, "index", 0), 0, std::max<int64_t>(size - 1, 0));
  if (mutation->whole != nullptr) {
    const bool needs_record = std::string_view(mutation->name).substr(0, 3) == "ts-";
    if (!needs_record || size > 0) {
      mutation->whole(edit, parts, static_cast<size_t>(first));
    }
    answer.body = join(parts);
    return;
  }
  const int64_t count = int_param(context.params, "count", 1);
  const int64_t last = count < 0 ? size : std::min(size, first + count);
  for (int64_t i = first; i < last; ++i) {
    std::string& record = parts.records[static_cast<size_t>(i)];
    if (mutation->record != nullptr) {
      mutation->record(edit, record);
    } else {
      replace_value(record, edit.field, mutation->value);
    }
  }
  answer.body = join(parts);
}

}  // namespace argo::sim

// The one table of all faults, and the rules that apply them.
#include "faults.h"

#include <algorithm>

#include "fault_effects.h"
#include "mutations.h"

namespace argo::sim {

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds{
      // Whole answers.
      {"status", Layer::kAnswer,
       "answers `status` (500) with `body`, `headers`, `content_type`, `retry_after` (number or "
       "text, verbatim) or `retry_after_date` (seconds from now)",
       spoil_status, nullptr},
      {"hang", Layer::kAnswer, "waits `seconds` (30), then answers", spoil_hang, nullptr},
      {"slow", Layer::kAnswer, "sends `bytes` (1) of the body every `every_ms` (1000)", spoil_slow,
       nullptr},
      {"truncated", Layer::kAnswer, "ends the body after `bytes` (half), as if it were complete",
       spoil_truncated, nullptr},
      {"invalid-json", Layer::kAnswer, "puts `{]` into the middle of the body", spoil_invalid_json,
       nullptr},
      {"deep-json", Layer::kAnswer, "answers `depth` (100000) nested arrays", spoil_deep_json,
       nullptr},
      {"html", Layer::kAnswer, "answers a login page with 200", spoil_html, nullptr},
      {"error-200", Layer::kAnswer, "answers {\"error\":`message`} with 200", spoil_error_200,
       nullptr},
      {"empty", Layer::kAnswer, "answers 200 without a body", spoil_empty, nullptr},
      {"gzip", Layer::kAnswer, "sends the answer as gzip even when that is not accepted",
       spoil_gzip, nullptr},
      {"gzip-bomb", Layer::kAnswer, "sends gzip that inflates to `megabytes` (1000)",
       spoil_gzip_bomb, nullptr},
      {"corrupt-gzip", Layer::kAnswer, "sends gzip with damage in its middle", spoil_corrupt_gzip,
       nullptr},
      {"truncated-gzip", Layer::kAnswer, "sends the first half of the gzip", spoil_truncated_gzip,
       nullptr},
      {"oversized", Layer::kAnswer, "adds `megabytes` (100) of spaces, `chunked` (false) or not",
       spoil_oversized, nullptr},
      {"chunked", Layer::kAnswer, "sends the right answer in chunks of `bytes` (1000)",
       spoil_chunked, nullptr},
      {"content-type", Layer::kAnswer, "names `value` (text/html) as the content type",
       spoil_content_type, nullptr},
      {"bom", Layer::kAnswer, "puts a byte order mark before the body", spoil_bom, nullptr},
      {"redirect", Layer::kAnswer, "answers `status` (302) with `location` on another host",
       spoil_redirect, nullptr},
      {"token-expired", Layer::kAnswer, "expires all tokens and answers `status` (419)",
       spoil_token_expired, nullptr},
      // Lists.
      {"list-repeat", Layer::kList, "answers the page before the one asked", nullptr, bend_repeat},
      {"list-missing", Layer::kList, "answers an empty page, the total unchanged", nullptr,
       bend_missing},
      {"list-short", Layer::kList, "leaves one item out, the total unchanged", nullptr, bend_short},
      {"list-duplicate", Layer::kList, "gives the last item twice", nullptr, bend_duplicate},
      {"list-total", Layer::kList, "adds `by` (7) to recordCount", nullptr, bend_total},
      {"list-no-meta", Layer::kList, "leaves meta out", nullptr, bend_no_meta},
      {"list-numeric-ids", Layer::kList, "gives ids as numbers", nullptr, bend_numeric_ids},
      {"list-result", Layer::kList, "names the array `result`", nullptr, bend_result},
      // Records, envelope and names: see the table in mutations.cc.
      {"records", Layer::kRecords,
       "applies `mutate` to `count` (1; -1 for all) records from `index` (0), in `field` (E)",
       spoil_records, nullptr},
      // Below HTTP, on the raw port.
      {"reset", Layer::kRaw, "resets the connection after the request's head", nullptr, nullptr},
      {"reset-mid-body", Layer::kRaw, "resets after `bytes` (half) of the body", nullptr, nullptr},
      {"close-mid-body", Layer::kRaw, "closes after `bytes` (half) of the body", nullptr, nullptr},
      {"close-mid-head", Layer::kRaw, "closes within the header lines", nullptr, nullptr},
      {"broken-chunk", Layer::kRaw, "sends a chunk whose size is no number", nullptr, nullptr},
      {"open-chunk", Layer::kRaw, "closes without the last chunk", nullptr, nullptr},
      {"early-hints", Layer::kRaw, "sends the 1xx `statuses` ([100, 103]) before the answer",
       nullptr, nullptr},
      {"byte-per-second", Layer::kRaw,
       "sends all, head included, `bytes` (1) every `every_ms` (1000)", nullptr, nullptr},
      {"hang-raw", Layer::kRaw, "reads the head, then is silent for `seconds` (30) and closes",
       nullptr, nullptr},
      {"garbage-status", Layer::kRaw, "sends `line` (HTTP/9.9 banana) as the status line", nullptr,
       nullptr},
      {"length-too-long", Layer::kRaw,
       "names `by` (1000) more bytes than the body has, then closes", nullptr, nullptr},
      {"length-too-short", Layer::kRaw, "names `by` (1000) bytes less than the body has", nullptr,
       nullptr},
      {"no-content-type", Layer::kRaw, "leaves the content type out", nullptr, nullptr},
      {"huge-header", Layer::kRaw, "adds a header of `kilobytes` (1024)", nullptr, nullptr},
      {"accept-reset", Layer::kAccept, "resets a connection as soon as it is accepted", nullptr,
       nullptr},
      {"accept-hang", Layer::kAccept, "accepts and never reads, for `seconds` (30)", nullptr,
       nullptr},
  };
  return kinds;
}

int64_t int_param(const Json& params, const char* name, int64_t otherwise) {
  const auto found = params.find(name);
  return found != params.end() && found->is_number() ? found->get<int64_t>() : otherwise;
}

double real_param(const Json& params, const char* name, double otherwise) {
  const auto found = params.find(name);
  return found != params.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::string text_param(const Json& params, const char* name, const std::string& otherwise) {
  const auto found = params.find(name);
  return found != params.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::string FaultBook::add(const Json& rules) {
  std::vector<Rule> added;
  for (const Json& item : rules.is_array() ? rules : Json::array({rules})) {
    if (!item.is_object()) {
      return "a rule must be an object";
    }
    const std::string name = text_param(item, "fault", "");
    const auto& kinds = fault_kinds();
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const FaultKind& known) { return name == known.name; });
    if (kind == kinds.end()) {
      return "unknown fault \"" + name + "\"";
    }
    const std::string mutation = text_param(item, "mutate", "");
    if (kind->layer == Layer::kRecords && !is_mutation(mutation)) {
      return "unknown mutation \"" + mutation + "\"";
    }
    added.push_back({text_param(item, "path", "*"), text_param(item, "query", ""), &*kind,
                     int_param(item, "times", 1), int_param(item, "skip", 0), item});
  }
  const std::lock_guard lock(mutex_);
  rules_.insert(rules_.end(), added.begin(), added.end());
  return "";
}

void FaultBook::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

// Counts a match of a rule and yields its fault unless it is to be let pass.
std::optional<Fault> FaultBook::use(Rule& rule) {
  if (rule.times == 0) {
    return std::nullopt;
  }
  if (rule.skip > 0) {
    --rule.skip;
    return std::nullopt;
  }
  if (rule.times > 0) {
    --rule.times;
  }
  const std::string mutation = text_param(rule.params, "mutate", "");
  return Fault{rule.kind, rule.params,
               rule.kind->name + (mutation.empty() ? std::string() : ":" + mutation)};
}

std::optional<Fault> FaultBook::take(std::string_view path, std::string_view query,
                                     bool below_http) {
  const std::lock_guard lock(mutex_);
  for (Rule& rule : rules_) {
    if (rule.kind->layer == Layer::kAccept || (rule.kind->layer == Layer::kRaw) != below_http ||
        (rule.path != "*" && path.substr(0, rule.path.size()) != rule.path) ||
        query.find(rule.query) == std::string_view::npos) {
      continue;
    }
    if (auto fault = use(rule)) {
      return fault;
    }
  }
  return std::nullopt;
}

std::optional<Fault> FaultBook::take_accept() {
  const std::lock_guard lock(mutex_);
  for (Rule& rule : rules_) {
    if (rule.kind->layer == Layer::kAccept) {
      if (auto fault = use(rule)) {
        return fault;
      }
    }
  }
  return std::nullopt;
}

Json FaultBook::describe() const {
  Json faults = Json::array();
  for (const FaultKind& kind : fault_kinds()) {
    static constexpr const char* kLayers[] = {"answer", "list", "records", "raw", "accept"};
    faults.push_back({{"fault", kind.name},
                      {"layer", kLayers[static_cast<size_t>(kind.layer)]},
                      {"summary", kind.summary}});
  }
  Json rules = Json::array();
  const std::lock_guard lock(mutex_);
  for (const Rule& rule : rules_) {
    Json item = rule.params;
    item["times"] = rule.times;
    item["skip"] = rule.skip;
    rules.push_back(item);
  }
  return {{"rules", rules}, {"faults", faults}, {"mutations", mutation_names()}};
}

}  // namespace argo::sim

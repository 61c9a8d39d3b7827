// The faults that can be ordered: their names, the rules that ask for them, and when they strike.
#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer.h"
#include "lists.h"

namespace argo::sim {

using Json = nlohmann::ordered_json;

// Where a fault is played: in an answer, in a list's making, in the records, or below HTTP,
// after the request's head was read (kRaw) or before (kAccept).
enum class Layer { kAnswer, kList, kRecords, kRaw, kAccept };

// What an effect on an answer may need besides the answer.
struct FaultContext {
  const Json& params;
  int64_t now = 0;
};

struct FaultKind {
  const char* name;
  Layer layer;
  const char* summary;
  void (*spoil)(const FaultContext& context, Answer& answer);  // null unless kAnswer or kRecords
  void (*bend)(const Json& params, ListTweaks& tweaks);        // null unless kList
};

// The names of all faults, for the control endpoint and the tests.
const std::vector<FaultKind>& fault_kinds();

// A fault that strikes one request.
struct Fault {
  const FaultKind* kind = nullptr;
  Json params;
  std::string label;  // as the log shows it
};

// The ordered rules; the first that matches a request and is not used up strikes.
class FaultBook {
 public:
  // Adds rules; returns what is wrong with them, or an empty text.
  std::string add(const Json& rules);

  // Forgets all rules.
  void clear();

  // Takes the fault for a request that is played below HTTP, or the one that is not.
  std::optional<Fault> take(std::string_view path, std::string_view query, bool below_http);

  // Takes the fault for a connection that was just accepted.
  std::optional<Fault> take_accept();

  // Lists the rules and the known names.
  Json describe() const;

 private:
  struct Rule {
    std::string path;
    std::string query;
    const FaultKind* kind = nullptr;
    int64_t times = 1;
    int64_t skip = 0;
    Json params;
  };

  static std::optional<Fault> use(Rule& rule);

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
};

// Reads a parameter of a fault, or its default when it is absent or of another type.
int64_t int_param(const Json& params, const char* name, int64_t otherwise);
double real_param(const Json& params, const char* name, double otherwise);
std::string text_param(const Json& params, const char* name, const std::string& otherwise);

}  // namespace argo::sim

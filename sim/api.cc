// Routes API requests through login, faults and the endpoints.
#include "api.h"

#include "mutations.h"
#include "readings.h"
#include "text.h"

namespace argo::sim {

Api::Api(const ApiOptions& options)
    : seed_(options.seed),
      max_records_(options.max_records),
      clock_(options.now),
      latency_ms_(options.latency_ms),
      auth_(options.credentials, options.seed) {}

std::string plain_path(std::string_view path) {
  for (const std::string_view prefix : {"/v1/1/", "/v1/"}) {
    if (path.substr(0, prefix.size()) == prefix) {
      path.remove_prefix(prefix.size() - 1);
      break;
    }
  }
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  return std::string(path);
}

Outcome Api::answer(const Request& request) {
  Outcome outcome;
  const Access access = auth_.check(request);
  outcome.auth = access.kind;
  if (access.status != 200) {
    outcome.answer =
        Answer::error(access.status, access.status == 419 ? "Session expired" : "Unauthorized");
    return outcome;
  }
  const auto fault = faults_.take(request.path, request.query, false);
  ListTweaks tweaks;
  bool coarser = false;
  if (fault) {
    outcome.fault = fault->label;
    coarser = text_param(fault->params, "mutate", "") == "coarser";
    if (fault->kind->bend != nullptr) {
      fault->kind->bend(fault->params, tweaks);
    }
  }
  outcome.answer = route(request, tweaks, coarser);
  if (fault && fault->kind->spoil != nullptr) {
    fault->kind->spoil({fault->params, clock_.now()}, outcome.answer);
    if (std::string_view(fault->kind->name) == "token-expired") {
      auth_.expire_tokens();
    }
  }
  if (!access.token.empty() && outcome.answer.status == 200) {
    outcome.answer.headers.emplace_back("X-Eniscope-Token", access.token);
  }
  return outcome;
}

// Answers a request without faults beyond those that act while the answer is made.
Answer Api::route(const Request& request, const ListTweaks& tweaks, bool coarser) {
  if (request.path.rfind("/readings/", 0) == 0) {
    return answer_readings(request, coarser);
  }
  if (is_list_path(request.path)) {
    return answer_list(catalog_, request, tweaks);
  }
  return Answer::error(404, "Not Found");
}

// Answers a readings request.
Answer Api::answer_readings(const Request& request, bool coarser) {
  constexpr std::string_view kPrefix = "/readings/";
  int64_t id = 0;
  const bool numeric = read_integer(std::string_view(request.path).substr(kPrefix.size()), id);
  const ChannelRef ref = numeric ? catalog_.channel(id) : ChannelRef{};
  if (ref.channel == nullptr) {
    return Answer::error(404, "Not Found");
  }
  const int64_t now = clock_.now();
  ReadingsQuery query;
  if (ref.channel->role == Role::kVirtual || !parse_readings(request, ref.site->zone, now, query)) {
    return Answer::error(500, "Invalid Parameter");
  }
  query.resolution = effective_resolution(query.asked, query.to - query.from, max_records_);
  query.claimed = query.resolution;
  if (coarser) {
    query.resolution = coarser_than(query.resolution);
  }
  Answer answer;
  answer.body = readings_json(seed_, ref, query, now);
  return answer;
}

}  // namespace argo::sim

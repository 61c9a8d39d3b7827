// Answers the control endpoints under /_sim/, by which tests steer and question the simulator.

#include <algorithm>

#include "api.h"
#include "meter.h"
#include "readings.h"
#include "text.h"

namespace argo::sim {
namespace {

// Makes a JSON answer.
Answer json_answer(const Json& document) {
  Answer answer;
  answer.type = "application/json";
  answer.body = document.dump() + "\n";
  return answer;
}

// Makes the answer to an order that was carried out.
Answer done() {
  return json_answer({{"ok", true}});
}

// Reads a number from the query.
int64_t query_integer(const Request& request, const char* name, int64_t otherwise) {
  int64_t value = 0;
  return read_integer(request.param(name), value) ? value : otherwise;
}

}  // namespace

Answer Api::truth(const Request& request) const {
  const ChannelRef ref = catalog_.channel(query_integer(request, "channel", 0));
  if (ref.channel == nullptr) {
    return Answer::error(404, "unknown channel");
  }
  const int64_t now = clock_.now();
  const int64_t from = std::max(query_integer(request, "from", kDataStart), kDataStart);
  Answer answer;
  answer.type = "text/csv";
  answer.body = truth_csv(seed_, ref, from, std::min(query_integer(request, "to", now), now), now);
  return answer;
}

Answer Api::site_facts(const Request& request) const {
  const Site* site = catalog_.site(query_integer(request, "organization", 23271));
  if (site == nullptr) {
    return Answer::error(404, "unknown organization");
  }
  const int64_t now = clock_.now();
  const int64_t from = query_integer(request, "from", kDataStart);
  const int64_t to = std::min(query_integer(request, "to", now), now);
  Json ids = Json::array();
  Json roles = Json::object();
  Json channels = Json::array();
  for (const Channel& channel : site->channels) {
    ids.push_back(channel.id);
    Json item{{"id", channel.id},
              {"name", channel.name},
              {"device", site->devices[channel.device].id},
              {"role", role_name(channel.role)}};
    if (channel.role != Role::kClean) {
      roles[role_name(channel.role)] = channel.id;
      item["windows"] = Meter(seed_, *site, channel).role_windows(from, to);
    }
    channels.push_back(std::move(item));
  }
  return json_answer({{"organization", site->id},
                      {"name", site->name},
                      {"timeZone", site->zone.name},
                      {"now", now},
                      {"data_start", kDataStart},
                      {"late_by", kLateBy},
                      {"devices", site->devices.size()},
                      {"channel_ids", std::move(ids)},
                      {"roles", std::move(roles)},
                      {"channels", std::move(channels)}});
}

Answer Api::control(const std::string& method, const Request& request, const std::string& body) {
  const std::string what = method + " " + request.path.substr(std::string_view("/_sim/").size());
  if (what == "GET log") {
    Answer answer;
    answer.type = "application/json";
    answer.body = log_.json(auth_.logins(), auth_.refused_logins()) + "\n";
    return answer;
  }
  if (what == "DELETE log") {
    log_.clear();
    auth_.reset_counts();
    return done();
  }
  if (what == "GET faults") {
    return json_answer(faults_.describe());
  }
  if (what == "DELETE faults") {
    faults_.clear();
    return done();
  }
  if (what == "GET truth") {
    return truth(request);
  }
  if (what == "GET site") {
    return site_facts(request);
  }
  if (what == "GET now") {
    return json_answer({{"now", clock_.now()}});
  }
  if (what == "POST token/expire") {
    auth_.expire_tokens();
    return done();
  }
  const Json order = Json::parse(body, nullptr, false);
  if (order.is_discarded()) {
    return Answer::error(400, "the body is not JSON");
  }
  if (what == "POST faults") {
    const std::string wrong = faults_.add(order);
    if (wrong.empty()) {
      return done();
    }
    Answer answer = json_answer({{"error", wrong}});
    answer.status = 400;
    return answer;
  }
  if (what == "POST now") {
    clock_.set(int_param(order, "now", -1));
    return done();
  }
  if (what == "POST date") {
    date_offset_s_ = int_param(order, "offset_s", 0);
    return done();
  }
  if (what == "POST latency") {
    latency_ms_ = int_param(order, "ms", 0);
    return done();
  }
  return Answer::error(404, "unknown control endpoint");
}

}  // namespace argo::sim

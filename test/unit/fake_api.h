// An API for the tests: lists in pages and readings, each answer open to be replaced.
#ifndef ARGO_TEST_UNIT_FAKE_API_H_
#define ARGO_TEST_UNIT_FAKE_API_H_

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/model.h"
#include "http_server.h"

namespace argo::testing {

class FakeApi {
 public:
  using Override = std::function<std::optional<Reply>(const Request&)>;

  nlohmann::json organizations = nlohmann::json::array();
  nlohmann::json channels = nlohmann::json::array();
  nlohmann::json devices = nlohmann::json::array();
  std::size_t page_size = 100;
  std::int64_t max_window_seconds = 7 * kDaySeconds;  // a longer one is answered by bins of 1800 s
  std::string date;                                   // of every answer; empty: none
  Override instead;

  void add_site(const std::string& id, int channel_count) {
    organizations.push_back({{"organizationId", id},
                             {"organizationName", "Site " + id},
                             {"address1", "1 Main St"},
                             {"address3", "Rear"},
                             {"city", ""},
                             {"timeZone", "America/New_York"}});
    for (int i = 0; i < channel_count; ++i)
      channels.push_back({{"dataChannelId", std::to_string(100 + i)},
                          {"channelName", "Channel " + std::to_string(i)},
                          {"deviceId", "5"},
                          {"deviceName", "Device 5"},
                          {"uuId", "000A"},
                          {"organizationId", id}});
  }

  Reply answer(const Request& request) const {
    if (instead)
      if (auto reply = instead(request))
        return *reply;
    Reply reply;
    if (!date.empty())
      reply.headers.emplace_back("dAtE", date);
    if (!request.header("authorization").empty())
      reply.headers.emplace_back("X-Eniscope-Token", "token-1");
    if (request.begins_with("/v1/organizations?"))
      reply.body = page_of("organizations", organizations, request);
    else if (request.begins_with("/v1/channels?"))
      reply.body = page_of("channels", channels, request);
    else if (request.begins_with("/v1/devices?"))
      reply.body = page_of("devices", devices, request);
    else if (request.begins_with("/v1/readings/"))
      reply.body = readings(request);
    else
      reply.status = 404;
    return reply;
  }

  std::string page_of(const std::string& name, const nlohmann::json& items,
                      const Request& request) const {
    const std::size_t page = std::stoul(request.query("page"));
    nlohmann::json shown = nlohmann::json::array();
    for (std::size_t i = (page - 1) * page_size; i < std::min(page * page_size, items.size()); ++i)
      shown.push_back(items[i]);
    return nlohmann::json({{name, shown},
                           {"meta",
                            {{"currentPage", page},
                             {"recordsPerPage", page_size},
                             {"recordCount", items.size()},
                             {"pageCount", (items.size() + page_size - 1) / page_size}}}})
        .dump();
  }

  // Returns the window that a request for readings asks for.
  static TimeRange window_of(const Request& request) {
    const std::string name = "daterange%5B%5D=";
    const std::size_t first = request.target.find(name);
    const std::size_t second = request.target.find(name, first + 1);
    return {std::stoll(request.target.substr(first + name.size())),
            std::stoll(request.target.substr(second + name.size()))};
  }
  static std::int32_t channel_of(const Request& request) {
    return std::stoi(request.target.substr(std::string("/v1/readings/").size()));
  }

 private:
  std::string readings(const Request& request) const {
    const TimeRange window = window_of(request);
    const std::int64_t step = window.seconds() > max_window_seconds ? 1800 : kSlotSeconds;
    std::string records;
    for (UnixTime ts = window.from; ts < window.to; ts += step)
      records += std::string(records.empty() ? "" : ",") + "{\"ts\":" + std::to_string(ts) +
                 ",\"E\":250,\"P\":1000}";
    return "{\"channel\":" + std::to_string(channel_of(request)) +
           ",\"resolution\":" + std::to_string(step) +
           ",\"units\":{\"E\":\"Wh\",\"P\":\"W\"},\"recordCount\":" +
           std::to_string(window.seconds() / step) + ",\"records\":[" + records + "]}";
  }
};

}  // namespace argo::testing

#endif  // ARGO_TEST_UNIT_FAKE_API_H_

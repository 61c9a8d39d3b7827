// Writes what the core knows as the JSON that the functions of sql/ingest take, for both hosts.
#include "payload.h"

#include <nlohmann/json.hpp>

#include "text.h"

namespace argo {

namespace {

using nlohmann::json;

json to_json(const std::optional<std::string>& text) {
  return text ? json(storable(*text)) : json(nullptr);
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string site_payload(const Site& site) {
  const Organization& organization = site.organization;
  json devices = json::array();
  for (const Device& device : site.devices)
    devices.push_back({{"device_id", device.id},
                       {"device_name", to_json(device.name)},
                       {"device_type", to_json(device.type)},
                       {"serial_number", to_json(device.serial_number)},
                       {"firmware_version", to_json(device.firmware_version)}});
  json channels = json::array();
  for (const Channel& channel : site.channels)
    channels.push_back({{"channel_id", channel.id},
                        {"channel_name", to_json(channel.name)},
                        {"device_id", channel.device_id ? json(*channel.device_id) : json(nullptr)},
                        {"channel_type", to_json(channel.type)},
                        {"unit", to_json(channel.unit)}});
  return dump({{"organization",
                {{"organization_id", organization.id},
                 {"organization_name", to_json(organization.name)},
                 {"address", to_json(organization.address)},
                 {"city", to_json(organization.city)},
                 {"postcode", to_json(organization.postcode)},
                 {"country", to_json(organization.country)},
                 {"timezone", to_json(organization.timezone)}}},
               {"devices", devices},
               {"channels", channels}});
}

std::string pulls_payload(const std::vector<Pull>& pulls, const std::vector<Stored>& stored) {
  json rows = json::array();
  for (std::size_t i = 0; i < pulls.size(); ++i)
    rows.push_back({{"channel_id", pulls[i].channel_id},
                    {"start", pulls[i].window.from},
                    {"end", pulls[i].window.to},
                    {"fetched", pulls[i].fetched},
                    {"inserted", stored[i].inserted},
                    {"rejected", pulls[i].rejects.size()},
                    {"status", pulls[i].failed() ? "failure" : "success"},
                    {"error", pulls[i].failed() ? json(storable(pulls[i].error)) : json(nullptr)}});
  return dump(rows);
}

std::string rejects_payload(const std::vector<Pull>& pulls) {
  json rows = json::array();
  for (const Pull& pull : pulls)
    for (const Reject& reject : pull.rejects)
      rows.push_back({{"channel_id", pull.channel_id},
                      {"start", pull.window.from},
                      {"end", pull.window.to},
                      {"ts", reject.ts.empty() ? json(nullptr) : json(storable(reject.ts))},
                      {"raw", json::parse(reject.values)},
                      {"reason", reject.reason}});
  return dump(rows);
}

std::string channels_payload(const IngestResult& result) {
  json rows = json::array();
  for (const auto& [id, channel] : result.channels) {
    const bool all_failed = channel.failed_pulls == channel.pulls;
    rows.push_back(
        {{"channel_id", id},
         {"inserted", channel.inserted},
         {"status", channel.failed_pulls == 0 ? "success"
                    : all_failed              ? "failed"
                                              : "partial"},
         {"error", channel.error.empty() ? json(nullptr) : json(storable(channel.error))}});
  }
  return dump(rows);
}

std::string channel_array(const Site& site) {
  std::string out = "{";
  for (const Channel& channel : site.channels)
    out += (out.size() == 1 ? "" : ",") + std::to_string(channel.id);
  return out + "}";
}

std::string plan_request_payload(const PlanRequest& request) {
  json value = {{"lookback_days", request.lookback_days},
                {"max_catch_up_days", request.max_catch_up_days}};
  if (request.start_date.empty()) {
    value["days"] = request.days;
  } else {
    value["start_date"] = request.start_date;
    if (!request.end_date.empty())
      value["end_date"] = request.end_date;
  }
  return dump(value);
}

Plan parse_plan(const std::string& payload) {
  const json value = json::parse(payload);
  const auto to_ranges = [](const json& rows) {
    std::vector<ChannelRange> ranges;
    ranges.reserve(rows.size());
    for (const json& row : rows)
      ranges.push_back({row.at("channel_id").get<std::int32_t>(),
                        {row.at("start").get<UnixTime>(), row.at("end").get<UnixTime>()}});
    return ranges;
  };
  Plan plan;
  plan.range = {value.at("start").get<UnixTime>(), value.at("end").get<UnixTime>()};
  plan.starts = to_ranges(value.at("channels"));
  plan.to_ask = to_ranges(value.at("ask"));
  for (const ChannelRange& channel : plan.starts)
    plan.expected += channel.range.slots();
  return plan;
}

std::string ranges_payload(const std::vector<ChannelRange>& ranges) {
  json rows = json::array();
  for (const auto& [channel_id, range] : ranges)
    rows.push_back({{"channel_id", channel_id}, {"start", range.from}, {"end", range.to}});
  return dump(rows);
}

}  // namespace argo

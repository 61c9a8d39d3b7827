// Writes list items with the names and types that the samples show, and cuts them into pages.
#include "lists.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "text.h"

namespace argo::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBase = "https://core.eniscope.com/v1/1/";
constexpr int64_t kDefaultLimit = 20;
constexpr int64_t kMaxLimit = 100;

// Writes an id as the API does.
std::string id(int64_t value) {
  return std::to_string(value);
}

// Writes an organization.
Json organization_json(const Site& site) {
  const std::string self = std::string(kBase) + "organizations/" + id(site.id);
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {
      {"organizationId", id(site.id)},
      {"links",
       {{"self", self},
        {"accounts", self + "/accounts"},
        {"devices", self + "/devices"},
        {"meters", self + "/meters"},
        {"metersbelow", self + "/metersbelow"},
        {"expired", self + "/expired"}}},
      {"groupId", nullptr},
      {"parentId", "17157"},
      {"appliableSubscriptionId", nullptr},
      {"organizationName", site.name},
      {"defaultEmailAddress", "nobody@example.com"},
      {"defaultLanguageCode", "en"},
      {"defaultAddressId", id(site.id - 13111)},
      {"organizationKey", nullptr},
      {"logo", nullptr},
      {"status", "1"},
      {"timeZone", site.zone.name},
      {"currencyCode", site.currency},
      {"nominalCode", nullptr},
      {"organizationType", nullptr},
      {"divisionLabel", "DIVISION"},
      {"licenseDiscount", nullptr},
      {"carbonUnits", "KgCO2/m2"},
      {"carbonRatio", "0.4500"},
      {"temperatureType", "Celsius"},
      {"regId", nullptr},
      {"createdBy", "1047"},
      {"modifiedBy", "1047"},
      {"createdTs", "1568747590"},
      {"modifiedTs", "1568747590"},
      {"addressId", id(site.id - 13111)},
      {"address1", or_null(site.address)},
      {"address2", ""},
      {"address3", nullptr},
      {"state", or_null(site.state)},
      {"city", or_null(site.city)},
      {"postCode", or_null(site.post_code)},
      {"country", site.country},
      {"lat", nullptr},
      {"lng", nullptr},
      {"telephone", nullptr},
      {"fax", nullptr},
      {"sortCode", "1-2-3-519-15438-17157-" + id(site.id) + "-"},
      {"currencySymbol", "$"},
  };
}

// Writes the members that devices, meters and channels share.
Json device_part(const Site& site, const Device& device, const char* endpoint) {
  return {
      {"links", {{"self", std::string(kBase) + endpoint}}},
      {"deviceId", id(device.id)},
      {"uuId", device.uuid},
      {"parentId", nullptr},
      {"organizationId", id(site.id)},
      {"subscriptionId", nullptr},
      {"deviceTypeId", "20"},
      {"binaryStoreId", "2"},
      {"serviceAgreementId", nullptr},
      {"deviceName", device.name},
      {"registered", "1700006205"},
      {"dataPlan", "12"},
      {"expires", "4102444800"},
      {"renewed", nullptr},
      {"nominalCode", nullptr},
      {"status", "1"},
      {"createdBy", "1047"},
      {"modifiedBy", "1047"},
      {"createdTs", "1700005813"},
      {"modifiedTs", "1700008415"},
      {"vendor", nullptr},
      {"vendor_id", nullptr},
      {"vendor_format_id", nullptr},
      {"vendor_parent_id", nullptr},
  };
}

// Writes a device.
Json device_json(const Site& site, const Device& device) {
  Json item = device_part(site, device, "devices");
  item["deviceTypeName"] = "Eniscope 8 Hybrid";
  item["timeZone"] = site.zone.name;
  item["organizationName"] = site.name;
  return item;
}

// Writes a meter.
Json meter_json(const Site& site, const Channel& channel) {
  Json item = device_part(site, site.devices[channel.device], "meters");
  item.update({{"meterId", id(channel.meter_id)},
               {"deviceTypeInterfaceId", "25"},
               {"dataType", "grid meter"},
               {"ct", "250"},
               {"vs", "220"},
               {"channels", id(channel.phases)},
               {"pulseLabel", ""},
               {"pulseRatio", nullptr},
               {"pulseUnits", ""},
               {"pulseEnergyRatio", nullptr},
               {"temperatureEnabled", "0"},
               {"meterName", channel.name}});
  return item;
}

// Writes a channel.
Json channel_json(const Site& site, const Channel& channel) {
  Json item = device_part(site, site.devices[channel.device], "dataChannels");
  const auto order = static_cast<size_t>(&channel - site.channels.data());
  const bool is_virtual = channel.role == Role::kVirtual;
  item.update({{"interfaceName", is_virtual ? "Virtual" : "Onboard"},
               {"dataChannelId", id(channel.id)},
               {"tariffId", nullptr},
               {"timePeriodId", nullptr},
               {"displayedPhase", "system"},
               {"channelName", channel.name},
               {"sortOrder", std::to_string(order)},
               {"installedTs", "1699982800"},
               {"uninstalledTs", nullptr},
               {"dataType", is_virtual ? "virtual site" : "grid meter"},
               {"meterId", id(channel.meter_id)},
               {"pulseLabel", ""},
               {"pulseUnits", ""},
               {"pulseRatio", nullptr},
               {"pulseEnergyRatio", nullptr},
               {"temperatureEnabled", "0"},
               {"sortCode", "1-2-3-519-15438-17157-" + id(site.id) + "-"},
               {"organizationName", site.name},
               {"isMeteringPoint", true},
               {"costEnabled", false}});
  return item;
}

// An item that is only written when its page is asked for.
using Item = std::function<Json()>;

// Adds the items of one site to a list.
void collect(const Site& site, const std::string& endpoint, std::string_view uuid,
             std::vector<Item>& items) {
  const auto wanted = [&](const Device& device) {
    return uuid.empty() || std::equal(uuid.begin(), uuid.end(), device.uuid.begin(),
                                      device.uuid.end(), [](char a, char b) {
                                        return std::toupper(static_cast<unsigned char>(a)) == b;
                                      });
  };
  if (endpoint == "organizations") {
    items.emplace_back([&site] { return organization_json(site); });
  } else if (endpoint == "devices") {
    for (const Device& device : site.devices) {
      if (wanted(device)) {
        items.emplace_back([&site, &device] { return device_json(site, device); });
      }
    }
  } else {
    for (const Channel& channel : site.channels) {
      if (!wanted(site.devices[channel.device])) {
        continue;
      }
      if (endpoint == "channels") {
        items.emplace_back([&site, &channel] { return channel_json(site, channel); });
      } else if (channel.role != Role::kVirtual) {
        items.emplace_back([&site, &channel] { return meter_json(site, channel); });
      }
    }
  }
}

// Turns strings of digits into numbers.
void make_numeric(Json& item) {
  for (auto& [key, value] : item.items()) {
    int64_t number = 0;
    if (value.is_string() && read_integer(value.get_ref<const std::string&>(), number)) {
      value = number;
    }
  }
}

// Reads a number from the query, with a value for what is absent or not positive.
int64_t positive(const Request& request, const char* name, int64_t otherwise) {
  int64_t value = 0;
  return read_integer(request.param(name), value) && value > 0 ? value : otherwise;
}

// Answers /organizations/{id} and /organizations/{id}/metersbelow.
Answer answer_organization(const Catalog& catalog, std::string_view rest) {
  const size_t slash = rest.find('/');
  int64_t site_id = 0;
  const Site* site = read_integer(rest.substr(0, slash), site_id) ? catalog.site(site_id) : nullptr;
  const bool below = slash != std::string_view::npos && rest.substr(slash) == "/metersbelow";
  if (site == nullptr || (slash != std::string_view::npos && !below)) {
    return Answer::error(404, "Not Found");
  }
  Json item = organization_json(*site);
  if (below) {
    item["metersbelow"] = Json::array();
    for (const Channel& channel : site->channels) {
      item["metersbelow"].push_back(meter_json(*site, channel));
    }
  }
  Answer answer;
  answer.body = item.dump();
  return answer;
}

}  // namespace

bool is_list_path(const std::string& path) {
  return path == "/organizations" || path == "/devices" || path == "/meters" ||
         path == "/channels" || path.rfind("/organizations/", 0) == 0;
}

Answer answer_list(const Catalog& catalog, const Request& request, const ListTweaks& tweaks) {
  constexpr std::string_view kOne = "/organizations/";
  if (request.path.rfind(kOne, 0) == 0) {
    return answer_organization(catalog, std::string_view(request.path).substr(kOne.size()));
  }
  const std::string endpoint = request.path.substr(1);
  std::vector<Item> items;
  int64_t wanted = 0;
  const std::string_view filter = request.param("organization");
  for (const Site& site : catalog.sites()) {
    if (filter.empty() || (read_integer(filter, wanted) && wanted == site.id)) {
      collect(site, endpoint, request.param("uuid"), items);
    }
  }
  const int64_t limit = std::min(positive(request, "limit", kDefaultLimit), kMaxLimit);
  const int64_t page = positive(request, "page", 1);
  const auto total = static_cast<int64_t>(items.size());
  const int64_t shown = std::clamp<int64_t>(page + tweaks.page_shift, 1, total + 1);
  const int64_t first = std::min((shown - 1) * limit, total);
  const int64_t last = tweaks.empty_page ? first : std::min(first + limit, total);
  Json array = Json::array();
  for (int64_t i = first; i < last; ++i) {
    array.push_back(items[static_cast<size_t>(i)]());
    if (tweaks.numeric_ids) {
      make_numeric(array.back());
    }
  }
  if (tweaks.drop_last && !array.empty()) {
    array.erase(array.size() - 1);
  }
  if (tweaks.repeat_last && !array.empty()) {
    array.push_back(Json(array.back()));
  }
  Json document;
  document[tweaks.array_name.empty() ? endpoint : tweaks.array_name] = std::move(array);
  if (!tweaks.no_meta) {
    const int64_t claimed = std::max<int64_t>(0, total + tweaks.total_shift);
    document["meta"] = {{"currentPage", page},
                        {"recordsPerPage", limit},
                        {"recordCount", claimed},
                        {"pageCount", (claimed + limit - 1) / limit}};
  }
  Answer answer;
  answer.body = document.dump();
  return answer;
}

}  // namespace argo::sim

// Reads a site from the API: its organization, its devices and its channels.
#include "site.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "error.h"
#include "list_fetcher.h"
#include "text.h"

namespace argo {

namespace {

constexpr std::size_t kMaxSitesInHint = 10;

std::optional<std::string> text_of(const ListItem& item, const std::string& name) {
  const auto found = item.find(name);
  return found == item.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int32_t> integer_of(const ListItem& item, const std::string& name) {
  const auto text = text_of(item, name);
  if (!text)
    return std::nullopt;
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(value)
                                                                    : std::nullopt;
}

// Returns an item's id, which the tables keep as an integer.
std::int32_t id_of(const ListItem& item, const std::string& name) {
  const auto id = integer_of(item, name);
  if (!id)
    throw Error(sqlstate::kBadResponse, "the API's list holds an id that is no integer",
                name + " is \"" + printable(text_of(item, name).value_or(""), 40) +
                    "\". Nothing was stored.",
                "Report it to the API's operator.");
  return *id;
}

Organization to_organization(const ListItem& item, const std::string& site) {
  Organization out;
  out.id = site;
  out.name = text_of(item, "organizationName").value_or("Site " + site);
  for (const char* name : {"address1", "address2", "address3"})
    if (const auto line = text_of(item, name))
      out.address = out.address ? *out.address + ", " + *line : *line;
  out.city = text_of(item, "city");
  out.postcode = text_of(item, "postCode");
  out.country = text_of(item, "country");
  out.timezone = text_of(item, "timeZone");
  return out;
}

Device to_device(const ListItem& item) {
  Device out;
  out.id = id_of(item, "deviceId");
  out.name = text_of(item, "deviceName");
  out.type = text_of(item, "deviceTypeName");
  out.serial_number = text_of(item, "uuId");
  out.firmware_version = text_of(item, "firmwareVersion");
  return out;
}

Channel to_channel(const ListItem& item) {
  Channel out;
  out.id = id_of(item, "dataChannelId");
  out.name = text_of(item, "channelName").value_or("Channel " + std::to_string(out.id));
  out.device_id = integer_of(item, "deviceId");
  out.type = text_of(item, "dataType");
  out.unit = text_of(item, "unit");
  return out;
}

// Says whether an item's organization is a division of the site, by its path "1-2-519-23271-".
bool lies_below(const ListItem& item, const std::string& site) {
  return ("-" + text_of(item, "sortCode").value_or("")).find("-" + site + "-") != std::string::npos;
}

[[noreturn]] void throw_unknown(const std::string& site, const std::vector<ListItem>& known) {
  std::string names;
  for (std::size_t i = 0; i < std::min(known.size(), kMaxSitesInHint); ++i)
    names += (i == 0 ? "" : ", ") +
             printable(text_of(known[i], "organizationId").value_or("?"), 40) + " (" +
             printable(text_of(known[i], "organizationName").value_or(""), 40) + ")";
  if (known.size() > kMaxSitesInHint)
    names += ", ...";
  throw Error(sqlstate::kInvalidParameter, "unknown site \"" + printable(site, 40) + "\"",
              "The API's login may not see a site of this id. Nothing was stored.",
              known.empty() ? "Ask the account's owner for access to a site."
                            : "Sites it may see: " + names + ".");
}

}  // namespace

Site fetch_site(Fetcher& fetcher, Host& host, const std::string& site) {
  const auto organizations =
      fetch_lists(fetcher, {{"organizations", "", "organizationId", ""}}).front();
  const auto found =
      std::find_if(organizations.begin(), organizations.end(),
                   [&](const auto& item) { return text_of(item, "organizationId") == site; });
  if (found == organizations.end())
    throw_unknown(site, organizations);

  Site out;
  out.organization = to_organization(*found, site);
  const std::string filter = "&organization=" + site;
  const auto lists = fetch_lists(fetcher, {{"channels", filter, "dataChannelId", "channelId"},
                                           {"devices", filter, "deviceId", ""}});
  // An API that ignores the filter would hand us other sites' channels.
  const auto belongs = [&](const ListItem& item) {
    return text_of(item, "organizationId").value_or(site) == site || lies_below(item, site);
  };
  for (const ListItem& item : lists[0])
    if (belongs(item))
      out.channels.push_back(to_channel(item));
  if (const std::size_t others = lists[0].size() - out.channels.size(); others > 0)
    host.log(LogLevel::kWarning, "left out " + std::to_string(others) +
                                     " channels listed for site " + site +
                                     " that belong to other organizations");
  for (const ListItem& item : lists[1])
    if (belongs(item))
      out.devices.push_back(to_device(item));
  // A channel may name a device that the list of devices leaves out.
  for (const ListItem& item : lists[0]) {
    const auto device_id = integer_of(item, "deviceId");
    const auto is_it = [&](const Device& device) { return device.id == device_id; };
    if (device_id && belongs(item) && std::none_of(out.devices.begin(), out.devices.end(), is_it)) {
      Device device;
      device.id = *device_id;
      device.name = text_of(item, "deviceName");
      device.serial_number = text_of(item, "uuId");
      out.devices.push_back(std::move(device));
    }
  }
  return out;
}

}  // namespace argo

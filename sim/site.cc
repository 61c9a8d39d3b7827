// Builds the sites: one with every measuring fault, and small ones for zones, names and paging.
#include "site.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace argo::sim {
namespace {

// Formats a device's UUID as the API does: sixteen upper-case hexadecimal digits.
std::string uuid_of(int64_t device_id) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string uuid(16, '0');
  uint64_t rest = 0x80C5F2000000ULL + static_cast<uint64_t>(device_id);
  for (size_t i = 16; i-- > 0; rest >>= 4) {
    uuid[i] = kHex[rest & 15];
  }
  return uuid;
}

// Adds a device and returns its position.
size_t add_device(Site& site, int64_t id, std::string name) {
  site.devices.push_back({id, std::move(name), uuid_of(id)});
  return site.devices.size() - 1;
}

// Adds a channel, filling in what follows from the rest.
void add_channel(Site& site, Channel channel) {
  channel.meter_id = channel.id - 27858;
  channel.json_name = nlohmann::json(channel.name).dump();
  site.channels.push_back(std::move(channel));
}

// Builds site 23271, which has one channel for each kind of bad data.
Site wilson_center() {
  Site site{23271,
            "Wilson Center",
            "1300 Wilson Avenue",
            "New York",
            "NY",
            "10001",
            "United States",
            "USD",
            {},
            {},
            {}};
  site.zone = {"America/New_York", ZoneRule::kUnitedStates, -18000};
  const size_t main = add_device(site, 41281, "Main Distribution");
  const size_t roof = add_device(site, 41282, "Roof Plant");
  const size_t floors = add_device(site, 41283, "Floors 1-3");
  const size_t kitchen = add_device(site, 41290, "Kitchen");
  struct Row {
    int64_t id;
    size_t device;
    const char* name;
    Role role;
    Profile profile;
    double base_w;
    double peak_w;
    double volts;
    int phases;
  };
  const Row rows[] = {
      {59155, main, "Main Incomer", Role::kClean, Profile::kBuilding, 21000, 96000, 277, 3},
      {59156, main, "Elevators", Role::kClean, Profile::kOffice, 900, 7400, 277, 3},
      {59157, main, "Server Room", Role::kStuck, Profile::kServers, 5200, 6400, 120, 3},
      {59158, main, "Fire & Safety", Role::kStrings, Profile::kServers, 310, 360, 120, 1},
      {59161, roof, "HVAC AHU-1", Role::kAnomaly, Profile::kHvac, 2600, 18500, 277, 3},
      {59162, roof, "HVAC AHU-2", Role::kClean, Profile::kHvac, 2400, 17200, 277, 3},
      {59163, roof, "Chiller", Role::kSpikes, Profile::kHvac, 1500, 26000, 277, 3},
      {59164, roof, "Exhaust Fans", Role::kZeros, Profile::kMotor, 0, 3200, 277, 3},
      {59171, floors, "Lighting Floor 1", Role::kWaste, Profile::kLighting, 400, 5600, 277, 3},
      {59172, floors, "Lighting Floor 2", Role::kClean, Profile::kLighting, 350, 5100, 277, 3},
      {59173, floors, "Lighting Floor 3", Role::kClean, Profile::kLighting, 350, 4900, 277, 3},
      {59174, floors, "Plug Loads 1-2", Role::kGaps, Profile::kOffice, 1100, 8800, 120, 3},
      {59175, floors, "Plug Loads 3", Role::kClean, Profile::kOffice, 700, 5200, 120, 3},
      {59181, kitchen, "Kitchen Cooking", Role::kClean, Profile::kKitchen, 250, 14200, 120, 3},
      {59182, kitchen, "Kitchen Cold Store", Role::kLate, Profile::kServers, 2100, 3300, 120, 3},
      {59183, kitchen, "Dishwasher", Role::kClean, Profile::kKitchen, 60, 8100, 120, 3},
      {59190, main, "Wilson Center (virtual)", Role::kVirtual, Profile::kBuilding, 0, 0, 277, 3},
  };
  for (const Row& row : rows) {
    add_channel(site, {row.id,
                       0,
                       row.device,
                       row.name,
                       {},
                       row.role,
                       row.profile,
                       row.base_w,
                       row.peak_w,
                       row.volts,
                       row.phases});
  }
  return site;
}

// Builds a site with a few clean channels on one device.
Site small_site(int64_t id, std::string name, Zone zone, std::string city, std::string country,
                std::string currency, const std::vector<std::string>& channels) {
  Site site;
  site.id = id;
  site.name = std::move(name);
  site.city = std::move(city);
  site.country = std::move(country);
  site.currency = std::move(currency);
  site.zone = std::move(zone);
  const int64_t number = id - 23271;
  const size_t device = add_device(site, 42000 + 10 * number, "Meter 1");
  int64_t channel_id = 60000 + 100 * number;
  for (const std::string& channel : channels) {
    Channel added;
    added.id = ++channel_id;
    added.device = device;
    added.name = channel;
    added.profile = channel_id % 2 == 1 ? Profile::kBuilding : Profile::kOffice;
    added.base_w = 1200;
    added.peak_w = 9000;
    added.volts = 230;
    add_channel(site, std::move(added));
  }
  return site;
}

// Builds site 23280, whose lists need several pages.
Site large_site() {
  Site site = small_site(23280, "Harbor Campus", {"Europe/London", ZoneRule::kEurope, 0}, "London",
                         "United Kingdom", "GBP", {});
  site.devices.clear();
  for (int64_t i = 0; i < 30; ++i) {
    add_device(site, 43001 + i, "Panel " + std::to_string(i + 1));
  }
  for (int64_t i = 0; i < 250; ++i) {
    Channel added;
    added.id = 70001 + i;
    added.device = static_cast<size_t>(i * 30 / 250);
    added.name =
        "Panel " + std::to_string(added.device + 1) + " Circuit " + std::to_string(i % 9 + 1);
    added.profile = static_cast<Profile>(i % 6);
    added.base_w = 100 + static_cast<double>(i % 7) * 60;
    added.peak_w = 1500 + static_cast<double>(i % 13) * 400;
    added.volts = 230;
    add_channel(site, std::move(added));
  }
  return site;
}

// Names a clean site's channels by number.
std::vector<std::string> numbered(const std::string& name, int count) {
  std::vector<std::string> names;
  for (int i = 1; i <= count; ++i) {
    names.push_back(name + " " + std::to_string(i));
  }
  return names;
}

}  // namespace

Catalog::Catalog() {
  sites_.push_back(wilson_center());
  sites_.push_back(small_site(23272, "Kaveri Mills", {"Asia/Kolkata", ZoneRule::kFixed, 19800},
                              "Bengaluru", "India", "INR", {"Main", "Looms"}));
  sites_.push_back(small_site(23273, "Phobos Base", {"Mars/Phobos", ZoneRule::kFixed, 0},
                              "Stickney", "", "USD", {"Reactor"}));
  sites_.push_back(small_site(
      23274, "Bob's \"Island\" <Lodge> \xF0\x9F\x8F\x9D",
      {"Australia/Lord_Howe", ZoneRule::kLordHowe, 37800}, "Lord Howe Island", "Australia", "AUD",
      {"It's \"Main\" \\ <script>alert(1)</script>", "\xE2\x9A\xA1 Pump \xF0\x9F\x90\x9F",
       "\xD7\x9E\xD7\x98\xD7\x91\xD7\x97 \xE2\x80\xAE"
       "abc"}));
  sites_.push_back(small_site(23275, "Empty Lot",
                              {"America/New_York", ZoneRule::kUnitedStates, -18000}, "Newark",
                              "United States", "USD", {}));
  sites_.push_back(small_site(23276, "Mill Street",
                              {"America/New_York", ZoneRule::kUnitedStates, -18000}, "Albany",
                              "United States", "USD", numbered("Circuit", 17)));
  sites_.push_back(large_site());
  for (const Site& site : sites_) {
    for (const Channel& channel : site.channels) {
      channels_.emplace(channel.id, ChannelRef{&site, &channel});
    }
  }
}

const Site* Catalog::site(int64_t id) const {
  for (const Site& site : sites_) {
    if (site.id == id) {
      return &site;
    }
  }
  return nullptr;
}

ChannelRef Catalog::channel(int64_t id) const {
  const auto found = channels_.find(id);
  return found == channels_.end() ? ChannelRef{} : found->second;
}

const char* role_name(Role role) {
  static constexpr const char* kNames[] = {"clean", "anomaly", "waste", "spikes", "stuck",
                                           "zeros", "strings", "gaps",  "late",   "virtual"};
  return kNames[static_cast<size_t>(role)];
}

}  // namespace argo::sim

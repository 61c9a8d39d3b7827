// The simulated world: organizations with their devices, meters and channels.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "zone.h"

namespace argo::sim {

// What is special about a channel; everything but kVirtual answers readings.
enum class Role {
  kClean,
  kAnomaly,
  kWaste,
  kSpikes,
  kStuck,
  kZeros,
  kStrings,
  kGaps,
  kLate,
  kVirtual
};

enum class Profile { kBuilding, kHvac, kLighting, kKitchen, kOffice, kServers, kMotor };

struct Device {
  int64_t id = 0;
  std::string name;
  std::string uuid;
};

struct Channel {
  int64_t id = 0;
  int64_t meter_id = 0;
  size_t device = 0;  // position among the site's devices
  std::string name;
  std::string json_name;  // quoted and escaped
  Role role = Role::kClean;
  Profile profile = Profile::kOffice;
  double base_w = 0;
  double peak_w = 0;
  double volts = 120;
  int phases = 3;
};

struct Site {
  int64_t id = 0;
  std::string name;
  std::string address;
  std::string city;
  std::string state;
  std::string post_code;
  std::string country;
  std::string currency;
  Zone zone;
  std::vector<Device> devices;
  std::vector<Channel> channels;
};

struct ChannelRef {
  const Site* site = nullptr;
  const Channel* channel = nullptr;
};

class Catalog {
 public:
  // Builds all sites.
  Catalog();

  const std::vector<Site>& sites() const { return sites_; }

  // Finds a site, or null.
  const Site* site(int64_t id) const;

  // Finds a channel with its site; both null when there is none.
  ChannelRef channel(int64_t id) const;

 private:
  std::vector<Site> sites_;
  std::unordered_map<int64_t, ChannelRef> channels_;
};

// Names a role as the tests know it.
const char* role_name(Role role);

}  // namespace argo::sim

// Tests of reading a site: its organization, its devices and its channels.
#include "core/site.h"

#include <gtest/gtest.h>

#include "fake_api.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::HttpServer;
using testing::Request;

class SiteTest : public ::testing::Test {
 protected:
  void SetUp() override { api_.add_site("23271", 3); }

  Site fetch(const std::string& id = "23271") {
    Fetcher fetcher(host_, testing::settings_for(server_.url()));
    return fetch_site(fetcher, host_, id);
  }

  testing::FakeHost host_;
  testing::FakeApi api_;
  HttpServer server_{[this](const Request& request) { return api_.answer(request); }};
};

TEST_F(SiteTest, ReadsASite) {
  api_.devices.push_back({{"deviceId", 5}, {"deviceName", "Hall"}, {"deviceTypeName", "8 x 3"}});
  const Site site = fetch();
  EXPECT_EQ(site.organization.id, "23271");
  EXPECT_EQ(site.organization.name, "Site 23271");
  EXPECT_EQ(site.organization.address, "1 Main St, Rear");
  EXPECT_EQ(site.organization.city, std::nullopt);
  EXPECT_EQ(site.organization.timezone, "America/New_York");
  ASSERT_EQ(site.channels.size(), 3U);
  EXPECT_EQ(site.channels[1].id, 101);
  EXPECT_EQ(site.channels[1].name, "Channel 1");
  EXPECT_EQ(site.channels[1].device_id, 5);
  ASSERT_EQ(site.devices.size(), 1U);
  EXPECT_EQ(site.devices[0].name, "Hall");
  EXPECT_EQ(site.devices[0].type, "8 x 3");
}

TEST_F(SiteTest, TakesDevicesThatOnlyChannelsName) {
  const Site site = fetch();
  ASSERT_EQ(site.devices.size(), 1U);
  EXPECT_EQ(site.devices[0].id, 5);
  EXPECT_EQ(site.devices[0].name, "Device 5");
  EXPECT_EQ(site.devices[0].serial_number, "000A");
}

TEST_F(SiteTest, ListsTheKnownSitesToOneWhoAsksForAnother) {
  api_.add_site("7\n<b>", 0);
  const Error error = testing::error_of([this] { fetch("99999"); });
  EXPECT_EQ(error.sqlstate(), "22023");
  EXPECT_EQ(error.message(), "unknown site \"99999\"");
  EXPECT_EQ(error.hint(), "Sites it may see: 23271 (Site 23271), 7 <b> (Site 7 <b>).");
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(SiteTest, SaysSoWhereThereIsNoSiteAtAll) {
  api_.organizations = nlohmann::json::array();
  EXPECT_EQ(testing::error_of([this] { fetch(); }).hint(),
            "Ask the account's owner for access to a site.");
}

TEST_F(SiteTest, LeavesOutOtherSitesChannels) {
  api_.channels.push_back({{"dataChannelId", "900"}, {"deviceId", "6"}, {"organizationId", "1"}});
  api_.channels.push_back(
      {{"dataChannelId", "901"}, {"organizationId", "9"}, {"sortCode", "1-23271-9-"}});
  api_.channels.push_back({{"dataChannelId", "902"}});
  const Site site = fetch();
  ASSERT_EQ(site.channels.size(), 5U);
  EXPECT_EQ(site.channels[3].id, 901);
  EXPECT_EQ(site.channels[4].name, "Channel 902");
  EXPECT_EQ(site.devices.size(), 1U);
  EXPECT_TRUE(host_.logged("left out 1 channels"));
}

TEST_F(SiteTest, RefusesAnIdThatNoTableTakes) {
  for (const char* id : {"abc", "99999999999", "1.5"}) {
    api_.channels[0]["dataChannelId"] = id;
    EXPECT_EQ(testing::error_of([this] { fetch(); }).sqlstate(), "ZA002") << id;
  }
}

}  // namespace
}  // namespace argo

// Checks lists, paging and logins.
#include "api.h"

#include <gtest/gtest.h>

#include <set>

#include "sim_client.h"

namespace argo::sim {
namespace {

class ApiTest : public testing::Test {
 protected:
  // Asks and parses.
  Json ask(const Request& request) { return Json::parse(api_.answer(request).answer.body); }

  Api api_{test_options().api};
};

TEST_F(ApiTest, PagesCoverTheWholeList) {
  std::set<std::string> ids;
  for (int page = 1; page <= 3; ++page) {
    const Json answer = ask(
        request_of("/channels",
                   {{"organization", "23280"}, {"limit", "500"}, {"page", std::to_string(page)}}));
    EXPECT_EQ(answer["meta"]["recordCount"], 250);
    EXPECT_EQ(answer["meta"]["recordsPerPage"], 100);
    EXPECT_EQ(answer["meta"]["pageCount"], 3);
    EXPECT_EQ(answer["meta"]["currentPage"], page);
    for (const Json& channel : answer["channels"]) {
      ids.insert(channel["dataChannelId"].get<std::string>());
    }
  }
  EXPECT_EQ(ids.size(), 250U);
  const Json beyond = ask(request_of("/channels", {{"organization", "23280"}, {"page", "99"}}));
  EXPECT_TRUE(beyond["channels"].empty());
}

TEST_F(ApiTest, ListsDefaultToTwenty) {
  const Json answer = ask(request_of("/v1/1/channels/", {{"organization", "23280"}}));
  EXPECT_EQ(answer["channels"].size(), 20U);
  EXPECT_EQ(answer["meta"]["pageCount"], 13);
}

TEST_F(ApiTest, SitesHaveWhatTheyPromise) {
  EXPECT_EQ(ask(request_of("/organizations"))["meta"]["recordCount"], 7);
  const auto count = [&](const char* list, const char* site) {
    return ask(request_of(list, {{"organization", site}}))["meta"]["recordCount"].get<int>();
  };
  EXPECT_EQ(count("/channels", "23271"), 17);
  EXPECT_EQ(count("/meters", "23271"), 16);
  EXPECT_EQ(count("/devices", "23271"), 4);
  EXPECT_EQ(count("/channels", "23275"), 0);
  EXPECT_EQ(count("/channels", "23276"), 17);
  EXPECT_EQ(count("/devices", "23280"), 30);
  EXPECT_EQ(count("/channels", "999"), 0);
  const Json site = ask(request_of("/v1/organizations/23271/"));
  EXPECT_EQ(site["organizationName"], "Wilson Center");
  EXPECT_EQ(site["organizationId"], "23271");
  EXPECT_EQ(site["timeZone"], "America/New_York");
  const Json names = ask(request_of("/channels", {{"organization", "23274"}}))["channels"];
  EXPECT_EQ(names[0]["channelName"], "It's \"Main\" \\ <script>alert(1)</script>");
  EXPECT_EQ(api_.answer(request_of("/organizations/1")).answer.status, 404);
  EXPECT_EQ(api_.answer(request_of("/nothing")).answer.status, 404);
}

TEST_F(ApiTest, LoginGivesATokenThatWorksUntilItExpires) {
  const Outcome login = api_.answer(request_of("/organizations"));
  ASSERT_EQ(login.answer.headers.size(), 1U);
  EXPECT_EQ(login.answer.headers[0].first, "X-Eniscope-Token");
  Request request = request_of("/organizations");
  request.authorization.clear();
  request.token = login.answer.headers[0].second;
  EXPECT_EQ(api_.answer(request).answer.status, 200);
  api_.control("POST", request_of("/_sim/token/expire"), "");
  EXPECT_EQ(api_.answer(request).answer.status, 419);
  request.token[31] ^= 1;
  EXPECT_EQ(api_.answer(request).answer.status, 401);
  request.token.clear();
  EXPECT_EQ(api_.answer(request).answer.status, 401);
}

TEST_F(ApiTest, WrongCredentialsAreRefusedAndCounted) {
  Request wrong_key = request_of("/organizations");
  wrong_key.api_key = "other";
  EXPECT_EQ(api_.answer(wrong_key).answer.status, 401);
  Request wrong_password = request_of("/organizations");
  wrong_password.authorization = "Basic ZGVtbzpkZW1v";
  EXPECT_EQ(api_.answer(wrong_password).answer.status, 401);
  EXPECT_EQ(api_.answer(request_of("/organizations")).answer.status, 200);
  const Json log = Json::parse(api_.control("GET", request_of("/_sim/log"), "").body);
  EXPECT_EQ(log["logins"], 1);
  EXPECT_EQ(log["refused_logins"], 2);
}

TEST_F(ApiTest, ControlRefusesNonsense) {
  EXPECT_EQ(api_.control("POST", request_of("/_sim/faults"), "{").status, 400);
  EXPECT_EQ(api_.control("POST", request_of("/_sim/faults"), R"([{"fault":"x"}])").status, 400);
  EXPECT_EQ(api_.control("GET", request_of("/_sim/x"), "{}").status, 404);
  const Json facts = Json::parse(api_.control("GET", request_of("/_sim/site"), "").body);
  EXPECT_EQ(facts["roles"]["virtual"], 59190);
  EXPECT_EQ(facts["channel_ids"].size(), 17U);
}

TEST_F(ApiTest, TheClockMoves) {
  api_.control("POST", request_of("/_sim/now"), R"({"now":1750000000})");
  EXPECT_EQ(api_.clock().now(), 1750000000);
}

}  // namespace
}  // namespace argo::sim

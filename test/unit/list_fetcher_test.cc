// Tests of reading whole lists: page by page, and never a torn one.
#include "core/list_fetcher.h"

#include <gtest/gtest.h>

#include <atomic>

#include "fake_api.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::all_texts;
using testing::FakeApi;
using testing::HttpServer;
using testing::Reply;
using testing::Request;

class ListFetcherTest : public ::testing::Test {
 protected:
  void SetUp() override { api_.add_site("23271", 45); }

  std::vector<ListItem> fetch(std::vector<ListRequest> requests = {
                                  {"channels", "", "dataChannelId", "channelId"}}) {
    Fetcher fetcher(host_, testing::settings_for(server_.url()));
    return fetch_lists(fetcher, requests).front();
  }
  Error fetch_error() {
    return testing::error_of([this] { fetch(); });
  }

  // Answers page `number` of the channels by `body`, the first `times` times.
  void replace_page(const std::string& number, const std::string& body, int times) {
    auto left = std::make_shared<std::atomic<int>>(times);
    api_.instead = [=](const Request& request) -> std::optional<Reply> {
      if (request.query("page") != number || (*left)-- <= 0)
        return std::nullopt;
      Reply reply;
      reply.body = body;
      return reply;
    };
  }
  std::string page(const std::string& number) {
    Request request;
    request.target = "/v1/channels?page=" + number;
    return api_.page_of("channels", api_.channels, request);
  }

  testing::FakeHost host_;
  FakeApi api_;
  HttpServer server_{[this](const Request& request) { return api_.answer(request); }};
};

TEST_F(ListFetcherTest, ReadsEveryPageOnce) {
  api_.page_size = 20;
  const auto items = fetch();
  ASSERT_EQ(items.size(), 45U);
  for (std::size_t i = 0; i < items.size(); ++i)
    EXPECT_EQ(items[i].at("dataChannelId"), std::to_string(100 + i));
  EXPECT_EQ(server_.count(), 3);
  EXPECT_EQ(server_.requests()[0].query("limit"), "100");
}

TEST_F(ListFetcherTest, ReadsListsSideBySide) {
  Fetcher fetcher(host_, testing::settings_for(server_.url()));
  const auto lists = fetch_lists(fetcher, {{"channels", "&organization=1", "dataChannelId", ""},
                                           {"organizations", "", "organizationId", ""}});
  EXPECT_EQ(lists[0].size(), 45U);
  EXPECT_EQ(lists[1].size(), 1U);
  EXPECT_EQ(server_.requests()[0].query("organization"), "1");
}

TEST_F(ListFetcherTest, GivesIdsTheirUsualName) {
  api_.channels =
      nlohmann::json::parse(R"([{"channelId":7},{"dataChannelId":"8","channelId":"9"}])");
  const auto items = fetch();
  EXPECT_EQ(items.at(0).at("dataChannelId"), "7");
  EXPECT_EQ(items.at(1).at("dataChannelId"), "8");
}

TEST_F(ListFetcherTest, TakesAnEmptyList) {
  api_.channels = nlohmann::json::array();
  EXPECT_TRUE(fetch().empty());
}

TEST_F(ListFetcherTest, RecoversFromAPageThatComesTwice) {
  api_.page_size = 20;
  replace_page("2", page("1"), 1);
  EXPECT_EQ(fetch().size(), 45U);
}

TEST_F(ListFetcherTest, ReadsATornListAgain) {
  api_.page_size = 20;
  auto torn = nlohmann::json::parse(page("2"));
  torn["channels"].erase(3);
  replace_page("2", torn.dump(), 1);
  EXPECT_EQ(fetch().size(), 45U);
  EXPECT_EQ(server_.count(), 6);
}

TEST_F(ListFetcherTest, RefusesAListThatStaysTorn) {
  api_.page_size = 20;
  const auto whole = nlohmann::json::parse(page("2"));
  auto missing = whole;
  missing["channels"].erase(3);
  auto repeated = whole;
  repeated["channels"][3] = repeated["channels"][4];
  repeated["channels"][3]["dataChannelId"] = repeated["channels"][4]["dataChannelId"] = "1\n2";
  auto changed = whole;
  changed["meta"]["recordCount"] = 46;
  auto nameless = whole;
  nameless["channels"][3].erase("dataChannelId");
  using Case = std::pair<nlohmann::json, const char*>;
  for (const auto& [body, detail] : {Case{missing, "it announces 45 items and holds 44"},
                                     Case{repeated, "dataChannelId 1 2 comes twice"},
                                     Case{changed, "its length changed while it was read"},
                                     Case{nameless, "an item has no dataChannelId"}}) {
    replace_page("2", body.dump(), 99);
    const Error error = fetch_error();
    EXPECT_EQ(error.sqlstate(), "ZA002") << detail;
    EXPECT_NE(error.detail().find(detail), std::string::npos) << error.detail();
  }
}

TEST_F(ListFetcherTest, RefusesALongListThatHidesItsLength) {
  auto silent = nlohmann::json::parse(page("1"));
  silent.erase("meta");
  replace_page("1", silent.dump(), 99);
  EXPECT_NE(fetch_error().detail().find("does not say how long"), std::string::npos);
}

TEST_F(ListFetcherTest, RefusesAbsurdLengths) {
  auto absurd = nlohmann::json::parse(page("1"));
  absurd["meta"].erase("pageCount");
  for (const std::int64_t count : {INT64_MAX, INT64_MIN, std::int64_t{-1}, std::int64_t{100000}}) {
    absurd["meta"]["recordCount"] = count;
    replace_page("1", absurd.dump(), 99);
    EXPECT_EQ(fetch_error().sqlstate(), "ZA002") << count;
  }
}

TEST_F(ListFetcherTest, TellsWhatTheApiRefused) {
  for (const auto& [status, sqlstate] : std::vector<std::pair<int, std::string>>{
           {401, "28000"}, {403, "42501"}, {402, "ZA003"}, {404, "ZA002"}, {500, "ZA002"}}) {
    api_.instead = [status = status](const Request&) {
      Reply reply;
      reply.status = status;
      return std::optional(reply);
    };
    const Error error = fetch_error();
    EXPECT_EQ(error.sqlstate(), sqlstate) << status;
    EXPECT_FALSE(error.hint().empty());
    EXPECT_NE(error.detail().find("Page 1 of /channels"), std::string::npos);
    EXPECT_EQ(all_texts(error).find(testing::kApiKey), std::string::npos);
  }
}

}  // namespace
}  // namespace argo

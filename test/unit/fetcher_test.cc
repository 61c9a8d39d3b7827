// Tests of fetching many answers at once: retries, waits, the login, and stopping.
#include "core/fetcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "fake_host.h"
#include "http_server.h"

namespace argo {
namespace {

using testing::FakeHost;
using testing::HttpServer;
using testing::kApiKey;
using testing::raw_reply;
using testing::Reply;
using testing::Request;
using testing::Stopwatch;
using OutcomeKind = Outcome::Kind;

Reply status(int code, std::vector<std::pair<std::string, std::string>> headers = {}) {
  Reply reply;
  reply.status = code;
  reply.headers = std::move(headers);
  return reply;
}

bool is_login(const Request& request) {
  return !request.header("authorization").empty();
}

class FetcherTest : public ::testing::Test {
 protected:
  void serve(HttpServer::Handler handler) {
    server_ = std::make_unique<HttpServer>(std::move(handler));
    settings_ = testing::settings_for(server_->url());
  }

  // Serves these in turn, the last of them for ever; a login that is let in brings the token.
  void serve_in_turn(std::vector<Reply> replies) {
    auto next = std::make_shared<std::atomic<std::size_t>>(0);
    serve([replies = std::move(replies), next](const Request& request) {
      Reply reply = replies[std::min((*next)++, replies.size() - 1)];
      if (is_login(request) && reply.status == 200)
        reply.headers.emplace_back("X-Eniscope-Token", "token-1");
      return reply;
    });
  }

  Job job(std::uint64_t tag, const std::string& path = "/x") {
    Job out;
    out.tag = tag;
    out.path = path;
    out.take = [this](const HttpResponse&) {
      ++taken_;
      return verdict_;
    };
    return out;
  }

  // Fetches `count` jobs; returns how they ended.
  std::vector<Outcome> fetch(int count) {
    fetcher_ = std::make_unique<Fetcher>(host_, settings_);
    for (int i = 0; i < count; ++i)
      fetcher_->submit(job(static_cast<std::uint64_t>(i), "/" + std::to_string(i)));
    std::vector<Outcome> outcomes;
    while (auto outcome = fetcher_->next())
      outcomes.push_back(std::move(*outcome));
    return outcomes;
  }

  int logins() const {
    int count = 0;
    for (const Request& request : server_->requests())
      count += is_login(request) ? 1 : 0;
    return count;
  }

  FakeHost host_;
  Settings settings_;
  Verdict verdict_;
  int taken_ = 0;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<Fetcher> fetcher_;
};

TEST_F(FetcherTest, LogsInOnceThenUsesTheTokenAtItsConcurrency) {
  serve([](const Request& request) {
    Reply reply;
    reply.delay_ms = 30;
    if (is_login(request))
      reply.headers = {{"X-Eniscope-Token", "token-1"}};
    return reply;
  });
  settings_.max_concurrency = 3;
  EXPECT_EQ(fetch(10).size(), 10U);
  EXPECT_EQ(taken_, 10);
  EXPECT_EQ(fetcher_->requests(), 10);
  EXPECT_EQ(server_->peak(), 3);
  const auto requests = server_->requests();
  EXPECT_TRUE(is_login(requests[0]));
  for (std::size_t i = 1; i < requests.size(); ++i) {
    EXPECT_FALSE(is_login(requests[i]));
    EXPECT_EQ(requests[i].header("x-eniscope-token"), "token-1");
    EXPECT_EQ(requests[i].header("x-eniscope-api"), kApiKey);
    EXPECT_EQ(requests[i].target.substr(0, 4), "/v1/");
  }
}

TEST_F(FetcherTest, SendsNothingBesideALogin) {
  serve([this](const Request& request) {
    Reply reply;
    reply.delay_ms = is_login(request) ? 50 : 0;
    if (is_login(request))
      reply.headers = {{"X-Eniscope-Token", "token-" + std::to_string(server_->count())}};
    return reply;
  });
  fetch(5);
  EXPECT_EQ(logins(), 1);
}

TEST_F(FetcherTest, AsksARefusedLoginOnce) {
  for (const int code : {401, 419}) {
    serve_in_turn({status(code)});
    const auto outcomes = fetch(5);
    EXPECT_EQ(server_->count(), 1);
    ASSERT_EQ(outcomes.size(), 5U);
    EXPECT_EQ(outcomes[0].sqlstate, "28000");
    EXPECT_EQ(outcomes[4].reason, "not asked: the login was refused");
  }
}

TEST_F(FetcherTest, AsksALoginOnceThatIsRefusedByACutAnswer) {
  serve([](const Request&) {
    return raw_reply("HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nabc", Reply::Then::kClose);
  });
  const auto outcomes = fetch(2);
  EXPECT_EQ(server_->count(), 1);
  EXPECT_EQ(outcomes.at(0).sqlstate, "28000");
}

TEST_F(FetcherTest, LogsInAgainOnceWhenTheTokenExpires) {
  std::atomic<int> logins_seen = 0;
  std::atomic<int> served = 0;
  serve([&](const Request& request) {
    Reply reply;
    reply.delay_ms = 10;
    if (is_login(request))
      reply.headers = {{"X-Eniscope-Token", "token-" + std::to_string(++logins_seen)}};
    else if (request.header("x-eniscope-token") == "token-1" && ++served > 4) {
      reply.status = 419;
      // After the answers that show that the token has worked, on a busy machine as well.
      reply.delay_ms = 200;
    }
    return reply;
  });
  for (const Outcome& outcome : fetch(20))
    EXPECT_EQ(outcome.kind, OutcomeKind::kDone) << outcome.reason;
  EXPECT_EQ(logins(), 2);
  EXPECT_EQ(taken_, 20);
}

TEST_F(FetcherTest, StopsWhenANewTokenIsRefusedToo) {
  std::atomic<int> served = 0;
  serve([&](const Request& request) {
    if (is_login(request))
      return status(200, {{"X-Eniscope-Token", "token"}});
    return status(++served > 3 ? 401 : 200);
  });
  settings_.max_concurrency = 1;
  const auto outcomes = fetch(20);
  EXPECT_EQ(outcomes.size(), 20U);
  EXPECT_EQ(logins(), 2);
  EXPECT_LE(server_->count(), 7);
}

TEST_F(FetcherTest, HaltsWhenTheSubscriptionHasExpired) {
  serve_in_turn({status(402)});
  const auto outcomes = fetch(3);
  EXPECT_EQ(server_->count(), 1);
  for (const Outcome& outcome : outcomes)
    EXPECT_EQ(outcome.sqlstate, "ZA003");
}

TEST_F(FetcherTest, WaitsAsLongAsRetryAfterSays) {
  serve_in_turn({Reply(), status(429, {{"Retry-After", "1"}}), Reply()});
  const Stopwatch stopwatch;
  for (const Outcome& outcome : fetch(3))
    EXPECT_EQ(outcome.kind, OutcomeKind::kDone);
  EXPECT_GE(stopwatch.ms(), 1000);
  EXPECT_LT(stopwatch.ms(), 5000);
}

TEST_F(FetcherTest, TriesA503AndA429AgainAtOnceWhereTheyAllowIt) {
  serve_in_turn({Reply(), status(503, {{"Retry-After", "0"}}), status(429, {{"Retry-After", "0"}}),
                 status(503, {{"Retry-After", "0"}}), Reply()});
  EXPECT_EQ(fetch(2).at(1).kind, OutcomeKind::kDone);
  EXPECT_EQ(fetcher_->requests(), 5);
}

TEST_F(FetcherTest, GivesUpAfterSoManyAttempts) {
  serve_in_turn({Reply(), status(503, {{"Retry-After", "0"}})});
  auto outcomes = fetch(2);
  EXPECT_EQ(outcomes.at(1).kind, OutcomeKind::kFailed);
  EXPECT_EQ(outcomes.at(1).reason, "HTTP 503, after 5 attempts");
  EXPECT_EQ(server_->count(), 6);

  serve_in_turn({Reply(), status(429, {{"Retry-After", "0"}})});
  outcomes = fetch(2);
  EXPECT_EQ(outcomes.at(1).sqlstate, "ZA001");
  EXPECT_EQ(server_->count(), 9);
}

TEST_F(FetcherTest, TriesA500TwiceAndAHalfOnlyOnce) {
  serve_in_turn({Reply(), status(500)});
  const auto outcomes = fetch(2);
  EXPECT_EQ(outcomes.at(1).kind, OutcomeKind::kWindowTooLarge);
  EXPECT_FALSE(outcomes.at(1).is_size);
  EXPECT_EQ(server_->count(), 3);

  Job half = job(9, "/half");
  half.one_try_on_500 = true;
  fetcher_->submit(std::move(half));
  EXPECT_EQ(fetcher_->next()->kind, OutcomeKind::kWindowTooLarge);
  EXPECT_EQ(server_->count("/v1/half"), 1);
}

TEST_F(FetcherTest, TriesOtherRefusalsOnce) {
  for (const int code : {302, 400, 403, 404, 412, 413}) {
    serve_in_turn({Reply(), status(code)});
    const auto outcomes = fetch(2);
    EXPECT_EQ(server_->count(), 2) << code;
    EXPECT_EQ(outcomes.at(1).kind,
              code == 400 || code == 413 ? OutcomeKind::kWindowTooLarge : OutcomeKind::kFailed);
    EXPECT_EQ(outcomes.at(1).is_size, code == 413);
  }
}

TEST_F(FetcherTest, TriesABrokenAnswerAgain) {
  serve_in_turn({Reply(),
                 raw_reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Reply::Then::kReset),
                 Reply()});
  EXPECT_EQ(fetch(2).at(1).kind, OutcomeKind::kDone);
  EXPECT_EQ(server_->count(), 3);
  EXPECT_TRUE(host_.logged("retrying /1"));
}

TEST_F(FetcherTest, SaysWhereATransferFailed) {
  serve_in_turn({raw_reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Reply::Then::kReset)});
  const auto outcomes = fetch(1);
  EXPECT_NE(outcomes.at(0).reason.find(" (" + settings_.url + ", dns "), std::string::npos)
      << outcomes.at(0).reason;
}

TEST_F(FetcherTest, FollowsTheTakersVerdict) {
  serve_in_turn({Reply()});
  verdict_ = {Verdict::Kind::kWindowTooLarge, "coarse"};
  EXPECT_TRUE(fetch(1).at(0).is_size);
  verdict_ = {Verdict::Kind::kRefused, "kWh"};
  EXPECT_EQ(fetch(1).at(0).reason, "kWh");
  EXPECT_EQ(server_->count(), 2);
}

TEST_F(FetcherTest, TakesJobsFromASourceOnlyWhenThereIsRoom) {
  serve_in_turn({Reply()});
  settings_.max_concurrency = 2;
  Fetcher fetcher(host_, settings_);
  int made = 0;
  int ended = 0;
  while (fetcher.next([&]() -> std::optional<Job> {
    EXPECT_LE(made - ended, 4);
    return made < 30 ? std::optional(job(static_cast<std::uint64_t>(made++))) : std::nullopt;
  }))
    ++ended;
  EXPECT_EQ(ended, 30);
}

TEST_F(FetcherTest, TakesAllOfASourceThoughTheRateHoldsItBack) {
  serve_in_turn({Reply()});
  settings_.requests_per_second = 10;
  Fetcher fetcher(host_, settings_);
  int made = 0;
  int ended = 0;
  while (fetcher.next([&]() -> std::optional<Job> {
    return made < 13 ? std::optional(job(static_cast<std::uint64_t>(made++))) : std::nullopt;
  }))
    ++ended;
  EXPECT_EQ(ended, 13);
}

TEST_F(FetcherTest, EndsWhatIsQueuedWhenHalted) {
  serve_in_turn({Reply()});
  Fetcher fetcher(host_, settings_);
  fetcher.submit(job(1));
  fetcher.submit(job(2));
  fetcher.halt("ZA002", "enough");
  EXPECT_EQ(fetcher.next()->reason, "not asked: enough");
  EXPECT_EQ(fetcher.next()->reason, "not asked: enough");
  EXPECT_FALSE(fetcher.next());
  EXPECT_EQ(server_->count(), 0);
}

TEST_F(FetcherTest, CancelsWhileTheServerHangs) {
  serve([](const Request&) { return testing::hang(); });
  auto fetcher = std::make_unique<Fetcher>(host_, settings_);
  fetcher->submit(job(1));
  const Stopwatch stopwatch;
  std::int64_t asked_at = 0;
  host_.stop = [&] {
    asked_at = stopwatch.ms();
    return asked_at > 60;
  };
  EXPECT_THROW(fetcher->next(), Cancelled);
  fetcher.reset();
  EXPECT_LT(stopwatch.ms() - 60, 400);
  EXPECT_GE(host_.stop_polls, 2);
}

TEST_F(FetcherTest, AsksTheHostOftenWhileItWaits) {
  serve_in_turn({status(429, {{"Retry-After", "60"}})});
  auto fetcher = std::make_unique<Fetcher>(host_, settings_);
  fetcher->submit(job(1));
  const Stopwatch stopwatch;
  std::int64_t last = 0;
  std::int64_t longest = 0;
  host_.stop = [&] {
    longest = std::max(longest, stopwatch.ms() - last);
    last = stopwatch.ms();
    return last > 300;
  };
  EXPECT_THROW(fetcher->next(), Cancelled);
  fetcher.reset();
  EXPECT_EQ(server_->count(), 1);
  EXPECT_LT(longest, 250);
  // It sleeps between its questions.
  EXPECT_LT(host_.stop_polls, 40);
}

TEST_F(FetcherTest, SleepsWhileAnExpiredTokenWaitsForTheNewOne) {
  std::atomic<int> served = 0;
  serve([&](const Request& request) {
    if (is_login(request)) {
      Reply login = status(200, {{"X-Eniscope-Token", "t"}});
      login.delay_ms = served > 0 ? 200 : 0;
      return login;
    }
    return status(++served == 3 ? 401 : 200);
  });
  settings_.max_concurrency = 2;
  fetch(6);
  EXPECT_LT(host_.stop_polls, 60);
}

TEST_F(FetcherTest, KeepsToItsRequestsPerSecond) {
  serve_in_turn({Reply()});
  settings_.requests_per_second = 20;
  const Stopwatch stopwatch;
  fetch(26);
  EXPECT_GE(stopwatch.ms(), 290);
  EXPECT_LT(host_.stop_polls, 200);
}

TEST_F(FetcherTest, ShowsNoSecretThatTheApiEchoes) {
  for (std::size_t shift = 0; shift < 140; shift += 7) {
    Reply echo = status(404);
    echo.body = std::string(shift, '.') + kApiKey + "|" + settings_.password_md5 + "|token-1";
    serve_in_turn({Reply(), echo});
    const auto outcomes = fetch(2);
    const std::string& reason = outcomes.at(1).reason;
    EXPECT_EQ(reason.find("key-4f"), std::string::npos) << reason;
    EXPECT_EQ(reason.find("token"), std::string::npos) << reason;
  }
}

TEST_F(FetcherTest, ShowsNoSecretThatAVerdictEchoes) {
  serve_in_turn({Reply()});
  verdict_ = {Verdict::Kind::kRefused, std::string("the API says: ") + kApiKey};
  EXPECT_EQ(fetch(1).at(0).reason, "the API says: ***");
}

TEST_F(FetcherTest, GivesUpWhatARunHasNoTimeFor) {
  Reply slow;
  slow.delay_ms = 60;
  serve_in_turn({slow});
  settings_.max_concurrency = 1;
  settings_.run_timeout_ms = 150;
  const auto outcomes = fetch(20);
  ASSERT_EQ(outcomes.size(), 20U);
  EXPECT_LE(taken_, 4);
  EXPECT_EQ(std::count_if(outcomes.begin(), outcomes.end(),
                          [](const Outcome& outcome) {
                            return outcome.sqlstate == "ZA004" &&
                                   outcome.reason ==
                                       "not asked: the run's time is up, see run_timeout_ms";
                          }),
            20 - taken_);
}

TEST_F(FetcherTest, GivesUpWhereTooMuchMustBeTriedAgain) {
  // Every second request is limited, with no wait: no job fails often enough to end by itself.
  auto next = std::make_shared<std::atomic<int>>(0);
  serve([next](const Request& request) {
    Reply reply = status((*next)++ % 8 == 0 ? 200 : 429, {{"Retry-After", "0"}});
    if (is_login(request) && reply.status == 200)
      reply.headers.emplace_back("X-Eniscope-Token", "token-1");
    return reply;
  });
  settings_.max_concurrency = 1;
  const auto outcomes = fetch(200);
  ASSERT_EQ(outcomes.size(), 200U);
  EXPECT_LT(server_->count(), 700);
  EXPECT_TRUE(std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.reason.rfind("not asked: too much had to be tried again", 0) == 0;
  }));
}

TEST_F(FetcherTest, StopsAskingAnApiThatIsGone) {
  serve_in_turn({Reply(), status(503, {{"Retry-After", "0"}})});
  const auto outcomes = fetch(40);
  EXPECT_EQ(outcomes.size(), 40U);
  EXPECT_LT(server_->count(), 45);
  EXPECT_TRUE(std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.reason.rfind("not asked: the API fails throughout", 0) == 0;
  }));
}

}  // namespace
}  // namespace argo

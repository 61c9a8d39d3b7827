// Tests of the probe: how far a request gets, and what stops it.
#include "core/probe.h"

#include <gtest/gtest.h>

#include <ctime>

#include "core/digest.h"
#include "fake_api.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::FakeApi;
using testing::HttpServer;
using testing::Reply;
using testing::Request;
using testing::Stopwatch;

class ProbeTest : public ::testing::Test {
 protected:
  void SetUp() override { api_.add_site("23271", 3); }

  std::vector<ProbeStep> run(const std::string& url) {
    Settings settings = testing::settings_for(url);
    settings.connect_timeout_ms = 300;
    return probe(host_, settings);
  }
  std::vector<ProbeStep> run() { return run(server_.url()); }

  // Answers every request so.
  void answer(int status, const std::string& body = {}) {
    api_.instead = [=](const Request&) -> std::optional<Reply> {
      Reply reply;
      reply.status = status;
      reply.body = body;
      return reply;
    };
  }

  // Returns the fault of each step, and expects what goes with it.
  static std::vector<ProbeFault> faults(const std::vector<ProbeStep>& steps) {
    std::vector<ProbeFault> faults;
    std::vector<std::string> names;
    for (const ProbeStep& step : steps) {
      faults.push_back(step.fault);
      names.push_back(step.name);
      EXPECT_EQ(step.status == ProbeStatus::kOk, step.fault == ProbeFault::kNone) << step.name;
      EXPECT_FALSE(step.detail.empty()) << step.name;
    }
    EXPECT_EQ(names, (std::vector<std::string>{"dns", "connect", "tls", "login", "clock skew"}));
    return faults;
  }

  // Expects the first steps to be well, then this fault, then steps that were not reached.
  static void expect_stop(const std::vector<ProbeStep>& steps, std::size_t at, ProbeFault fault) {
    std::vector<ProbeFault> wanted(steps.size(), ProbeFault::kNone);
    wanted[at] = fault;
    for (std::size_t i = at + 1; i < wanted.size(); ++i)
      wanted[i] = ProbeFault::kNotReached;
    EXPECT_EQ(faults(steps), wanted) << steps[at].detail;
    EXPECT_EQ(steps[at].status, ProbeStatus::kFail);
  }

  testing::FakeHost host_;
  FakeApi api_;
  HttpServer server_{[this](const Request& request) { return api_.answer(request); }};
};

constexpr std::size_t kDns = 0;
constexpr std::size_t kConnect = 1;
constexpr std::size_t kTls = 2;
constexpr std::size_t kLogin = 3;
constexpr std::size_t kSkew = 4;

TEST_F(ProbeTest, LogsInWithOneRequestForAList) {
  const auto steps = run();
  EXPECT_EQ(faults(steps), std::vector<ProbeFault>(5, ProbeFault::kNone));
  ASSERT_EQ(server_.requests().size(), 1U);
  const Request request = server_.requests().front();
  EXPECT_EQ(request.target, "/v1/organizations?limit=1&page=1");
  EXPECT_EQ(request.header("x-eniscope-api"), testing::kApiKey);
  EXPECT_EQ(request.header("authorization").compare(0, 6, "Basic "), 0);
  EXPECT_NE(steps[kLogin].detail.find("let in, and shown 1 sites"), std::string::npos);
  EXPECT_EQ(steps[kSkew].detail, "not known: the API did not tell its time");
}

TEST_F(ProbeTest, NamesAHostThatNobodyKnows) {
  // Too long a label for any name server to be asked.
  expect_stop(run("https://" + std::string(70, 'x') + ".invalid"), kDns, ProbeFault::kUnknownHost);
}

TEST_F(ProbeTest, NamesAPortWhereNobodyListens) {
  expect_stop(run("http://127.0.0.1:1"), kConnect, ProbeFault::kRefused);
}

TEST_F(ProbeTest, NamesAHandshakeWithoutAnEnd) {
  // The server waits for the end of a line.
  expect_stop(run("https://127.0.0.1:" + std::to_string(server_.port())), kTls, ProbeFault::kTls);
}

TEST_F(ProbeTest, NamesAPortThatDoesNotAnswer) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, generic, size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  ASSERT_EQ(getsockname(listener, generic, &size), 0);
  // Those fill its queue; Linux lets further ones wait.
  std::vector<int> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(connect(waiting.back(), generic, size));
  }
  expect_stop(run("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))), kConnect,
              ProbeFault::kNoConnection);
  for (const int connection : waiting)
    close(connection);
  close(listener);
}

TEST_F(ProbeTest, NamesACaFileThatCannotBeRead) {
  Settings settings = testing::settings_for("https://127.0.0.1:" + std::to_string(server_.port()));
  settings.ca_file = "/no/such/file.pem";
  expect_stop(probe(host_, settings), kTls, ProbeFault::kCaFile);
}

TEST_F(ProbeTest, EndsInTimeWithoutAnAnswer) {
  api_.instead = [](const Request&) { return testing::hang(); };
  const Stopwatch watch;
  expect_stop(run(), kLogin, ProbeFault::kNoAnswer);
  EXPECT_LT(watch.ms(), 600);
}

TEST_F(ProbeTest, NamesAConnectionThatBreaks) {
  api_.instead = [](const Request&) {
    return testing::raw_reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Reply::Then::kReset);
  };
  expect_stop(run(), kLogin, ProbeFault::kNoAnswer);
}

TEST_F(ProbeTest, TellsWhatTheApiAnswers) {
  const std::vector<std::pair<int, ProbeFault>> cases = {
      {401, ProbeFault::kLoginRefused}, {419, ProbeFault::kLoginRefused},
      {402, ProbeFault::kSubscription}, {403, ProbeFault::kNoRights},
      {429, ProbeFault::kRateLimited},  {404, ProbeFault::kNotTheApi},
      {302, ProbeFault::kNotTheApi},    {400, ProbeFault::kApiFails},
      {500, ProbeFault::kApiFails},     {503, ProbeFault::kApiFails}};
  for (const auto& [status, fault] : cases) {
    answer(status, "told");
    const auto steps = run();
    EXPECT_EQ(faults(steps)[kLogin], fault) << status;
    EXPECT_NE(steps[kLogin].detail.find("HTTP " + std::to_string(status)), std::string::npos);
    EXPECT_EQ(steps[kLogin].status, status == 429 ? ProbeStatus::kWarn : ProbeStatus::kFail);
  }
  EXPECT_EQ(server_.requests().size(), cases.size()) << "nothing is tried again";
}

TEST_F(ProbeTest, TellsTheApiFromAWebPage) {
  answer(200, "<html><title>Log in</title></html>");
  EXPECT_EQ(run()[kLogin].fault, ProbeFault::kNotTheApi);
  answer(200, "");
  EXPECT_EQ(run()[kLogin].fault, ProbeFault::kNotTheApi);
  answer(200, R"({"error": "out of order"})");
  EXPECT_EQ(run()[kLogin].fault, ProbeFault::kApiFails);
}

TEST_F(ProbeTest, RepeatsNoPartOfTheLogin) {
  const std::string basic =
      base64(std::string(testing::kEmail) + ":" + md5_hex(testing::kPassword));
  answer(403, std::string(testing::kApiKey) + " " + testing::kEmail + " " + basic);
  const auto steps = run();
  EXPECT_NE(steps[kLogin].detail.find("*** *** ***"), std::string::npos) << steps[kLogin].detail;
}

TEST_F(ProbeTest, ComparesTheClocks) {
  const auto http_date = [](int ahead) {
    char text[64];
    const std::time_t time = std::time(nullptr) + ahead;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string(text);
  };
  api_.date = http_date(0);
  EXPECT_EQ(run()[kSkew].status, ProbeStatus::kOk);
  api_.date = http_date(600);
  auto step = run()[kSkew];
  EXPECT_EQ(step.fault, ProbeFault::kClockSkew);
  EXPECT_EQ(step.status, ProbeStatus::kWarn);
  EXPECT_NE(step.detail.find(" s behind the API's"), std::string::npos) << step.detail;
  api_.date = http_date(-600);
  step = run()[kSkew];
  EXPECT_EQ(step.fault, ProbeFault::kClockSkew);
  EXPECT_NE(step.detail.find(" s ahead of the API's"), std::string::npos) << step.detail;
}

TEST_F(ProbeTest, StopsAtOnce) {
  api_.instead = [](const Request&) { return testing::hang(); };
  Settings settings = testing::settings_for(server_.url());
  const Stopwatch watch;
  host_.stop = [&] { return watch.ms() > 200; };
  EXPECT_THROW(probe(host_, settings), Cancelled);
  EXPECT_LT(watch.ms(), 300);
}

}  // namespace
}  // namespace argo

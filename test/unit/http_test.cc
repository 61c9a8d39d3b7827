// Tests of the HTTP client against a server that answers well, badly, late or not at all.
#include "core/http.h"

#include <gtest/gtest.h>

#include <memory>

#include "fake_host.h"
#include "http_server.h"

namespace argo {
namespace {

using testing::gzip;
using testing::HttpServer;
using testing::raw_reply;
using testing::Reply;
using testing::Request;
using testing::Stopwatch;
using Then = Reply::Then;

class HttpTest : public ::testing::Test {
 protected:
  // Serves this to every request.
  void serve(HttpServer::Handler handler) {
    server_ = std::make_unique<HttpServer>(std::move(handler));
    settings_ = testing::settings_for(server_->url());
  }
  void serve(Reply reply) {
    serve([reply = std::move(reply)](const Request&) { return reply; });
  }
  void serve_raw(std::string bytes, Then then = Then::kClose) {
    serve(raw_reply(std::move(bytes), then));
  }

  // Sends one request and waits for its end.
  HttpResponse get(const std::string& path = "/", const std::vector<std::string>& headers = {}) {
    HttpClient client(settings_);
    client.start(1, {settings_.url + path, headers});
    while (client.active() > 0)
      for (auto& [id, response] : client.poll(50))
        return std::move(response);
    ADD_FAILURE() << "no response";
    return {};
  }

  Settings settings_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTest, SendsHeadersAndBringsBackTheAnswer) {
  Reply reply;
  reply.body = "hello";
  reply.headers = {{"X-Eniscope-Token", " t 1 "}, {"x-twice", "a"}, {"X-Twice", "b"}};
  serve(reply);
  const HttpResponse response = get("/a?b%5B%5D=1&c[]=2", {"X-One: 1", "X-Two: 2"});
  EXPECT_TRUE(response.ok());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.header("x-eniscope-token"), "t 1");
  EXPECT_EQ(response.header("x-twice"), "b");
  EXPECT_EQ(response.header("absent"), "");
  EXPECT_NE(response.timings.find("first byte "), std::string::npos);
  const Request request = server_->requests().at(0);
  EXPECT_EQ(request.target, "/a?b%5B%5D=1&c[]=2");
  EXPECT_EQ(request.header("x-one"), "1");
  EXPECT_EQ(request.header("x-two"), "2");
  EXPECT_EQ(request.header("accept-encoding"), "gzip");
  EXPECT_EQ(request.header("user-agent").substr(0, 8), "Mozilla/");
}

TEST_F(HttpTest, RunsManyAtOnceOverAFewConnections) {
  serve([](const Request& request) {
    Reply reply;
    reply.body = request.target;
    return reply;
  });
  settings_.max_concurrency = 4;
  HttpClient client(settings_);
  for (std::uint64_t id = 0; id < 40; ++id)
    client.start(id, {settings_.url + "/" + std::to_string(id), {}});
  EXPECT_EQ(client.active(), 40U);
  int ended = 0;
  while (client.active() > 0)
    for (const auto& [id, response] : client.poll(50)) {
      EXPECT_EQ(response.body, "/" + std::to_string(id));
      ++ended;
    }
  EXPECT_EQ(ended, 40);
  EXPECT_LE(server_->peak(), 4);
}

TEST_F(HttpTest, TakesAnyStatusForAnAnswer) {
  for (const int status : {204, 401, 403, 404, 419, 429, 500, 503}) {
    Reply reply;
    reply.status = status;
    serve(reply);
    const HttpResponse response = get();
    EXPECT_TRUE(response.ok()) << status << ": " << response.transport_error;
    EXPECT_EQ(response.status, status);
  }
}

TEST_F(HttpTest, FollowsNoRedirect) {
  Reply reply;
  reply.status = 302;
  serve([&reply](const Request&) { return reply; });
  reply.headers = {{"Location", server_->url() + "/elsewhere"}};
  EXPECT_EQ(get("/here").status, 302);
  EXPECT_EQ(server_->count("/elsewhere"), 0);
}

TEST_F(HttpTest, InflatesGzip) {
  Reply reply;
  reply.body = gzip("hello");
  reply.headers = {{"Content-Encoding", "gzip"}};
  serve(reply);
  EXPECT_EQ(get().body, "hello");
}

TEST_F(HttpTest, ReportsBrokenGzip) {
  Reply reply;
  reply.body = gzip(std::string(10000, 'a') + "hello");
  reply.body[reply.body.size() / 2] ^= 0x55;
  reply.headers = {{"Content-Encoding", "gzip"}};
  serve(reply);
  EXPECT_FALSE(get().ok());
}

TEST_F(HttpTest, CutsOffABodyOverTheCap) {
  Reply reply;
  reply.body = std::string(kMaxBodyBytes + 1, 'x');
  serve(reply);
  const HttpResponse announced = get();
  EXPECT_FALSE(announced.ok());
  EXPECT_TRUE(announced.too_large);
  EXPECT_EQ(announced.transport_error, "answer over 8388608 bytes");

  serve_raw("HTTP/1.1 200 OK\r\n\r\n" + reply.body);
  const HttpResponse unannounced = get();
  EXPECT_TRUE(unannounced.too_large);
  EXPECT_LE(unannounced.body.size(), static_cast<std::size_t>(kMaxBodyBytes));

  reply.body.pop_back();
  serve(reply);
  EXPECT_EQ(get().body.size(), static_cast<std::size_t>(kMaxBodyBytes));

  // The more at once, the less each.
  settings_.max_concurrency = 32;
  EXPECT_EQ(get().transport_error, "answer over 1572864 bytes");
}

TEST_F(HttpTest, CutsOffAGzipBomb) {
  Reply reply;
  reply.body = gzip(std::string(std::size_t{64} * 1024 * 1024, '\0'));
  EXPECT_LT(reply.body.size(), 100000U);
  reply.headers = {{"Content-Encoding", "gzip"}};
  serve(reply);
  const HttpResponse response = get();
  EXPECT_TRUE(response.too_large);
  EXPECT_LE(response.body.size(), static_cast<std::size_t>(kMaxBodyBytes));
}

TEST_F(HttpTest, CutsOffEndlessHeaders) {
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20000; ++i)
    bytes += "X-" + std::to_string(i) + ": " + std::string(50, 'x') + "\r\n";
  serve_raw(bytes + "Content-Length: 0\r\n\r\n");
  const HttpResponse response = get();
  EXPECT_FALSE(response.ok());
  EXPECT_LT(response.headers.size(), 10000U);
}

TEST_F(HttpTest, TakesInformationBeforeTheAnswer) {
  serve_raw(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Eniscope-Token: early\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const HttpResponse response = get();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(response.header("x-eniscope-token"), "");
}

TEST_F(HttpTest, ReadsChunksAndReportsBrokenOnes) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  serve_raw(head + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
  EXPECT_EQ(get().body, "abcde");
  serve_raw(head + "2\r\nab\r\nzz\r\n");
  EXPECT_FALSE(get().ok());
  serve_raw(head + "ff\r\nab");
  EXPECT_FALSE(get().ok());
}

TEST_F(HttpTest, ReportsAConnectionLostAnywhere) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc";
  for (const Then then : {Then::kClose, Then::kReset})
    for (const std::string& bytes : {answer, std::string()}) {
      serve_raw(bytes, then);
      const HttpResponse response = get();
      EXPECT_FALSE(response.ok()) << bytes;
      EXPECT_FALSE(response.too_large);
    }
}

TEST_F(HttpTest, TakesNoAnswerWithoutAHead) {
  serve_raw("{\"records\":[]}");
  EXPECT_FALSE(get().ok());
}

TEST_F(HttpTest, GivesUpAfterTheTimeout) {
  serve(testing::hang());
  settings_.timeout_ms = 100;
  const Stopwatch stopwatch;
  const HttpResponse response = get();
  EXPECT_FALSE(response.ok());
  EXPECT_EQ(response.status, 0);
  EXPECT_GE(stopwatch.ms(), 95);
  serve_raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", Then::kHang);
  settings_.timeout_ms = 100;
  EXPECT_FALSE(get().ok());
}

TEST_F(HttpTest, ReportsAnUnreachableServer) {
  serve(Reply());
  server_.reset();
  const HttpResponse response = get();
  EXPECT_FALSE(response.ok());
  EXPECT_EQ(response.status, 0);
  EXPECT_NE(response.timings, "");
}

TEST_F(HttpTest, SpeaksOnlyTheSchemeOfItsUrl) {
  serve(Reply());
  settings_.url = "HTTP" + server_->url().substr(4);
  EXPECT_TRUE(get().ok());
  settings_.url = "file://";
  EXPECT_FALSE(get("/etc/passwd").ok());
}

TEST_F(HttpTest, DropsRequestsUnderWayAtItsEnd) {
  serve(testing::hang());
  const Stopwatch stopwatch;
  {
    HttpClient client(settings_);
    for (std::uint64_t id = 0; id < 10; ++id)
      client.start(id, {settings_.url + "/", {}});
    EXPECT_TRUE(client.poll(20).empty());
    EXPECT_EQ(client.active(), 10U);
  }
  EXPECT_LT(stopwatch.ms(), 1000);
}

}  // namespace
}  // namespace argo

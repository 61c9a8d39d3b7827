// Checks the HTTP layer: keep-alive, gzip, the log, parallel requests and a quick stop.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "http_lib.h"
#include "sim_client.h"

namespace argo::sim {
namespace {

// Makes headers that log in.
httplib::Headers login() {
  return {{"X-Eniscope-API", "demo-key"}, {"Authorization", kBasic}};
}

TEST(Http, KeepsConnectionsAliveAndCompresses) {
  Simulator simulator(test_options());
  httplib::Client client("127.0.0.1", simulator.http_port());
  client.set_keep_alive(true);
  for (int i = 0; i < 20; ++i) {
    httplib::Headers headers = login();
    headers.emplace("Accept-Encoding", i % 2 == 0 ? "gzip" : "identity");
    const auto answer = client.Get(
        "/v1/1/readings/59155/?res=900&daterange%5B%5D=1735689600&daterange%5B%5D=1735776000"
        "&fields%5B%5D=E",
        headers);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->get_header_value("Content-Encoding"), i % 2 == 0 ? "gzip" : "");
    EXPECT_EQ(answer->get_header_value("Date"), "Thu, 09 Oct 2025 08:55:00 GMT");
    EXPECT_FALSE(answer->get_header_value("X-Eniscope-Token").empty());
    EXPECT_EQ(Json::parse(answer->body)["recordCount"], 96);
  }
  const auto log = client.Get("/_sim/log");
  ASSERT_TRUE(log);
  const Json document = Json::parse(log->body);
  EXPECT_EQ(document["connections"], 1);
  EXPECT_EQ(document["logins"], 20);
  EXPECT_EQ(document["requests"].size(), 20U);
  EXPECT_EQ(document["requests"][0]["path"], "/v1/1/readings/59155/");
  EXPECT_EQ(document["requests"][0]["auth"], "basic");
}

TEST(Http, TakesOrders) {
  Simulator simulator(test_options());
  httplib::Client client("127.0.0.1", simulator.http_port());
  const auto ordered = client.Post(
      "/_sim/faults", R"([{"path":"*","fault":"status","status":402}])", "application/json");
  ASSERT_TRUE(ordered);
  EXPECT_EQ(ordered->status, 200);
  EXPECT_EQ(client.Get("/organizations", login())->status, 402);
  EXPECT_EQ(
      client.Post("/_sim/faults", R"([{"fault":"status","times":-1}])", "application/json")->status,
      200);
  EXPECT_EQ(client.Get("/organizations", login())->status, 500);
  EXPECT_EQ(client.Delete("/_sim/faults")->status, 200);
  EXPECT_EQ(client.Get("/organizations", login())->status, 200);
  EXPECT_EQ(client.Delete("/_sim/log")->status, 200);
  EXPECT_EQ(Json::parse(client.Get("/_sim/log")->body)["total"], 0);
}

TEST(Http, TellsAnotherTimeThanItHas) {
  Simulator simulator(test_options());
  httplib::Client client("127.0.0.1", simulator.http_port());
  const auto date_after = [&](const char* body) {
    EXPECT_EQ(client.Post("/_sim/date", body, "application/json")->status, 200);
    return client.Get("/organizations", login())->get_header_value("Date");
  };
  EXPECT_EQ(date_after(R"({"offset_s":-300})"), "Thu, 09 Oct 2025 08:50:00 GMT");
  EXPECT_EQ(Json::parse(client.Get("/_sim/now")->body)["now"], kNow);
  EXPECT_EQ(date_after("{}"), "Thu, 09 Oct 2025 08:55:00 GMT");
}

TEST(Http, ServesManyAtOnceAndMeasuresIt) {
  Options options = test_options();
  options.api.latency_ms = 300;
  Simulator simulator(options);
  std::vector<std::thread> clients;
  clients.reserve(20);
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back([&] {
      const Bytes bytes = exchange_bytes(simulator.http_port(), get_head("/organizations"));
      EXPECT_EQ(bytes.text.substr(9, 3), "200");
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  const Json log = Json::parse(simulator.api().control("GET", request_of("/_sim/log"), "").body);
  EXPECT_GE(log["peak_concurrency"], 10);
  EXPECT_EQ(log["connections"], 20);
}

TEST(Http, StopsWithinASecondWhileRequestsHang) {
  auto simulator = std::make_unique<Simulator>(test_options());
  const int idle = connect_to(simulator->http_port());
  const int idle_raw = connect_to(simulator->raw_port());
  order(*simulator, R"([{"path":"*","fault":"hang","seconds":60}])");
  const int port = simulator->http_port();
  std::thread client([port] { exchange_bytes(port, get_head("/organizations")); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto start = std::chrono::steady_clock::now();
  simulator.reset();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 1.0);
  client.join();
  ::close(idle);
  ::close(idle_raw);
}

}  // namespace
}  // namespace argo::sim

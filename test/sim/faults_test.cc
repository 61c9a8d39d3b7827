// Checks that every fault in the table is accepted and does something, over real sockets.
#include "faults.h"

#include <gtest/gtest.h>

#include <chrono>

#include "mutations.h"
#include "sim_client.h"

namespace argo::sim {
namespace {

constexpr const char* kReadings =
    "/v1/readings/59155?res=900&daterange[]=1735689600&daterange[]=1735776000&fields[]=E&fields[]"
    "=P";
constexpr const char* kList = "/v1/channels?organization=23271&limit=5&page=2";

// Removes the header that differs from login to login.
std::string without_token(std::string text) {
  const size_t at = text.find("X-Eniscope-Token");
  if (at != std::string::npos) {
    text.erase(at, text.find("\r\n", at) + 2 - at);
  }
  return text;
}

class Faults : public testing::Test {
 protected:
  // Asks over a port; `millis` receives the time it took.
  Bytes ask(int port, const std::string& target) {
    const auto start = std::chrono::steady_clock::now();
    Bytes bytes = exchange_bytes(port, get_head(target));
    bytes.text = without_token(bytes.text);
    millis_ =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return bytes;
  }

  // Reads the label of the last logged fault.
  std::string last_fault() {
    const Json log = Json::parse(simulator_.api().control("GET", request_of("/_sim/log"), "").body);
    std::string last;
    for (const Json& request : log["requests"]) {
      if (!request["fault"].get_ref<const std::string&>().empty()) {
        last = request["fault"];
      }
    }
    return last;
  }

  Simulator simulator_{test_options()};
  double millis_ = 0;
};

// Parameters that make slow faults quick.
std::string quick_params() {
  return R"("seconds":0.3,"bytes":1000,"every_ms":25,"megabytes":2,"kilobytes":64)";
}

TEST_F(Faults, EveryFaultOfTheTableDoesSomething) {
  for (const FaultKind& kind : fault_kinds()) {
    if (kind.layer == Layer::kRecords) {
      continue;
    }
    const bool raw = kind.layer == Layer::kRaw || kind.layer == Layer::kAccept;
    const int port = raw ? simulator_.raw_port() : simulator_.http_port();
    const std::string target = kind.layer == Layer::kList ? kList : kReadings;
    const Bytes right = ask(port, target);
    ASSERT_EQ(right.text.substr(0, 12), "HTTP/1.1 200") << kind.name;
    ASSERT_EQ(order(simulator_, std::string(R"([{"path":"/","fault":")") + kind.name + "\"," +
                                    quick_params() + "}]"),
              "");
    const Bytes wrong = ask(port, target);
    EXPECT_TRUE(wrong.text != right.text || wrong.reset || millis_ > 60) << kind.name;
    EXPECT_EQ(last_fault(), kind.name);
    EXPECT_EQ(ask(port, target).text, right.text) << kind.name << " struck twice";
  }
}

TEST_F(Faults, EveryMutationDoesSomething) {
  for (const std::string& name : mutation_names()) {
    const std::string right = ask(simulator_.http_port(), kReadings).body();
    ASSERT_EQ(order(simulator_,
                    R"([{"path":"/readings/59155","fault":"records","mutate":")" + name + "\"}]"),
              "");
    EXPECT_NE(ask(simulator_.http_port(), kReadings).body(), right) << name;
    EXPECT_EQ(last_fault(), "records:" + name);
  }
}

TEST_F(Faults, NamesInListsCanBeBroken) {
  order(simulator_, R"([{"path":"/channels","fault":"records","mutate":"name-invalid-utf8"}])");
  EXPECT_NE(ask(simulator_.http_port(), kList).body().find("Caf\xE9"), std::string::npos);
}

TEST_F(Faults, MutationsEditWhatTheySay) {
  const auto mutated = [&](const std::string& rule) {
    EXPECT_EQ(order(simulator_, "[{\"fault\":\"records\"," + rule + "}]"), "");
    return ask(simulator_.http_port(), kReadings).body();
  };
  const Json first = Json::parse(ask(simulator_.http_port(), kReadings).body())["records"][0];
  EXPECT_NE(mutated(R"("mutate":"nan")").find(R"({"ts":1735689600,"E":NaN,"P":)"),
            std::string::npos);
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"missing","index":3)"))["records"][3].size(), 2U);
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"ts-missing")"))["records"][0].size(), 2U);
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"string-number")"))["records"][0]["E"],
            first["E"].dump());
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"ts-iso")"))["records"][0]["ts"],
            "2025-01-01T00:00:00Z");
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"unit-kwh")"))["units"]["E"], "kWh");
  EXPECT_EQ(Json::parse(mutated(R"("mutate":"other-channel")"))["channel"], 99999);
  const Json coarser = Json::parse(mutated(R"("mutate":"coarser")"));
  EXPECT_EQ(coarser["resolution"], 900);
  EXPECT_EQ(coarser["records"][1]["ts"], 1735689600 + 3600);
  const Json doubled = Json::parse(mutated(R"("mutate":"ts-duplicate-different","index":2)"));
  EXPECT_EQ(doubled["records"][2]["ts"], doubled["records"][3]["ts"]);
  EXPECT_NE(doubled["records"][2]["E"], doubled["records"][3]["E"]);
  EXPECT_EQ(doubled["recordCount"], doubled["records"].size());
  const Json all = Json::parse(mutated(R"("mutate":"negative","field":"P","count":-1)"));
  for (const Json& record : all["records"]) {
    EXPECT_LT(record["P"].get<double>(), 0);
  }
}

TEST_F(Faults, RulesMatchPathQueryTimesAndSkip) {
  ASSERT_EQ(order(simulator_, R"([{"path":"/readings/59155","fault":"status","status":429,
      "retry_after":-5,"skip":1,"times":2}])"),
            "");
  const int port = simulator_.http_port();
  EXPECT_EQ(ask(port, kList).text.substr(9, 3), "200");
  EXPECT_EQ(ask(port, kReadings).text.substr(9, 3), "200");
  const std::string refused = ask(port, kReadings).text;
  EXPECT_EQ(refused.substr(9, 3), "429");
  EXPECT_NE(refused.find("Retry-After: -5\r\n"), std::string::npos);
  EXPECT_EQ(ask(port, kReadings).text.substr(9, 3), "429");
  EXPECT_EQ(ask(port, kReadings).text.substr(9, 3), "200");
  order(simulator_, R"([{"fault":"status","query":"page=2","status":503,"retry_after_date":60}])");
  EXPECT_EQ(ask(port, kReadings).text.substr(9, 3), "200");
  EXPECT_NE(ask(port, kList).text.find("Retry-After: Thu, 09 Oct 2025 08:56:00 GMT"),
            std::string::npos);
}

TEST_F(Faults, ExpiredTokensNeedANewLogin) {
  order(simulator_, R"([{"fault":"token-expired"}])");
  EXPECT_EQ(ask(simulator_.http_port(), kList).text.substr(9, 3), "419");
}

TEST_F(Faults, RawFaultsBreakTheConnection) {
  const int port = simulator_.raw_port();
  const std::string right = ask(port, kReadings).text;
  order(simulator_, R"([{"fault":"reset-mid-body","bytes":100}])");
  const Bytes reset = ask(port, kReadings);
  EXPECT_TRUE(reset.reset);
  EXPECT_EQ(reset.body().size(), 100U);
  order(simulator_, R"([{"fault":"early-hints"}])");
  const std::string hints = ask(port, kReadings).text;
  EXPECT_EQ(hints.substr(0, 12), "HTTP/1.1 100");
  EXPECT_NE(hints.find(right), std::string::npos);
  order(simulator_, R"([{"fault":"accept-reset"}])");
  const Bytes refused = ask(port, kReadings);
  EXPECT_TRUE(refused.text.empty());
  order(simulator_, R"([{"fault":"no-content-type"}])");
  EXPECT_EQ(ask(port, kReadings).text.find("Content-Type"), std::string::npos);
}

TEST_F(Faults, RawFaultsSpareTheHttpPort) {
  order(simulator_, R"([{"fault":"reset"}])");
  EXPECT_EQ(ask(simulator_.http_port(), kReadings).text.substr(9, 3), "200");
  EXPECT_TRUE(ask(simulator_.raw_port(), kReadings).reset);
}

}  // namespace
}  // namespace argo::sim

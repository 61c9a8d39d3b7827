// Measures how many readings a second argo-sim delivers to a client that only counts bytes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "simulator.h"

namespace {

struct Plan {
  int port = 0;
  int connections = 2;
  double seconds = 5;
  int64_t days = 7;
  bool gzip = false;
};

struct Totals {
  std::atomic<int64_t> requests{0};
  std::atomic<int64_t> readings{0};
  std::atomic<int64_t> bytes{0};
};

// Connects to the simulator, or returns -1.
int connect_to(int port) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(client);
    return -1;
  }
  return client;
}

// Finds a header's value in a head, or an empty text.
std::string_view header(std::string_view head, std::string_view name) {
  const size_t at = head.find(name);
  if (at == std::string_view::npos) {
    return {};
  }
  const size_t begin = at + name.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// Sends one request and reads its answer; keeps the head and returns the size of all, or -1.
int64_t exchange(int client, const std::string& request, std::vector<char>& buffer,
                 std::string& head) {
  if (::send(client, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return -1;
  }
  head.clear();
  size_t end = std::string::npos;
  int64_t received = 0;
  int64_t expected = -1;
  while (expected < 0 || received < expected) {
    const ssize_t count = ::recv(client, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      return -1;
    }
    received += count;
    if (expected < 0) {
      head.append(buffer.data(), static_cast<size_t>(count));
      end = head.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::string length(header(head, "Content-Length: "));
        expected = static_cast<int64_t>(end) + 4 + std::strtoll(length.c_str(), nullptr, 10);
      }
    }
  }
  return head.compare(0, 12, "HTTP/1.1 200") == 0 ? received : -1;
}

// Asks windows of several channels until the time is over.
void run_client(const Plan& plan, int number, Totals& totals) {
  static constexpr int64_t kChannels[] = {59155, 59156, 59161, 59162, 59163, 59172, 59173, 59181};
  constexpr int64_t kFirst = 1735689600;  // 2025-01-01
  const int client = connect_to(plan.port);
  std::vector<char> buffer(1 << 18);
  std::string head;
  std::string auth =
      "Authorization: Basic ZGVtb0BleGFtcGxlLmNvbTo0YjRkOTUyOTE0OGQ4ZDk0NDBkN2UyMGM3ODI4N2Y2OQ==";
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(plan.seconds);
  for (int64_t i = number; client >= 0 && std::chrono::steady_clock::now() < end; ++i) {
    const int64_t from = kFirst + i % 40 * 7 * 86400;
    const std::string request =
        "GET /v1/readings/" + std::to_string(kChannels[i % 8]) +
        "?action=summarize&res=900&daterange[]=" + std::to_string(from) +
        "&daterange[]=" + std::to_string(from + plan.days * 86400) +
        "&fields[]=E&fields[]=P&fields[]=V&fields[]=I&fields[]=PF HTTP/1.1\r\nHost: sim\r\n"
        "X-Eniscope-API: demo-key\r\n" +
        auth + "\r\n" + (plan.gzip ? "Accept-Encoding: gzip\r\n" : "") + "\r\n";
    const int64_t size = exchange(client, request, buffer, head);
    if (size < 0) {
      std::fprintf(stderr, "unexpected answer: %s\n", head.substr(0, 300).c_str());
      break;
    }
    if (const std::string_view token = header(head, "X-Eniscope-Token: "); !token.empty()) {
      auth = "X-Eniscope-Token: " + std::string(token);
    }
    ++totals.requests;
    totals.readings += plan.days * 96;
    totals.bytes += size;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app("Measures the simulator; starts one of its own unless --port is given.");
  app.add_option("--port", plan.port, "port of a running argo-sim");
  app.add_option("--connections", plan.connections)->capture_default_str();
  app.add_option("--seconds", plan.seconds)->capture_default_str();
  app.add_option("--days", plan.days, "days a request")->capture_default_str();
  app.add_flag("--gzip", plan.gzip, "accept gzip");
  CLI11_PARSE(app, argc, argv);
  std::unique_ptr<argo::sim::Simulator> own;
  if (plan.port == 0) {
    own = std::make_unique<argo::sim::Simulator>(argo::sim::Options{});
    plan.port = own->http_port();
  }
  Totals totals;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> clients;
  clients.reserve(static_cast<size_t>(plan.connections));
  for (int i = 0; i < plan.connections; ++i) {
    clients.emplace_back([&, i] { run_client(plan, i * 17, totals); });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.0f readings/s, %.0f requests/s, %.1f MB/s over %d connections\n",
              static_cast<double>(totals.readings) / seconds,
              static_cast<double>(totals.requests) / seconds,
              static_cast<double>(totals.bytes) / seconds / 1e6, plan.connections);
  return totals.requests > 0 ? 0 : 1;
}

// A simulator and the smallest clients for its tests: calls in process, and bytes over a socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>

#include "simulator.h"

namespace argo::sim {

inline constexpr int64_t kNow = 1760000100;  // 2025-10-09 08:55:00Z, on the 900 s grid less 300 s
inline constexpr const char* kBasic =
    "Basic ZGVtb0BleGFtcGxlLmNvbTo0YjRkOTUyOTE0OGQ4ZDk0NDBkN2UyMGM3ODI4N2Y2OQ==";

// Makes options with a clock that stands.
inline Options test_options(int64_t now = kNow) {
  Options options;
  options.api.now = now;
  return options;
}

// Makes a request that is logged in; the query is a list of names and values.
inline Request request_of(const std::string& path,
                          std::multimap<std::string, std::string> params = {}) {
  Request request;
  request.path = plain_path(path);
  request.params = std::move(params);
  request.api_key = "demo-key";
  request.authorization = kBasic;
  return request;
}

// Makes a readings request.
inline Request readings_of(int64_t channel, int64_t from, int64_t to, const std::string& res) {
  return request_of("/v1/readings/" + std::to_string(channel),
                    {{"res", res},
                     {"daterange[]", std::to_string(from)},
                     {"daterange[]", std::to_string(to)},
                     {"fields[]", "E"},
                     {"fields[]", "P"},
                     {"fields[]", "V"},
                     {"fields[]", "I"},
                     {"fields[]", "PF"}});
}

// What came over a socket, until the other side closed.
struct Bytes {
  std::string text;
  bool reset = false;

  // Cuts the body out.
  std::string body() const {
    const size_t end = text.find("\r\n\r\n");
    return end == std::string::npos ? "" : text.substr(end + 4);
  }
};

// Connects to a port.
inline int connect_to(int port) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{10, 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ADD_FAILURE() << "could not connect to port " << port;
  }
  return client;
}

// Sends bytes and reads until the end.
inline Bytes exchange_bytes(int port, const std::string& request) {
  const int client = connect_to(port);
  ::send(client, request.data(), request.size(), MSG_NOSIGNAL);
  Bytes bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::recv(client, buffer, sizeof buffer, 0);
    if (count <= 0) {
      bytes.reset = count < 0 && errno == ECONNRESET;
      break;
    }
    bytes.text.append(buffer, static_cast<size_t>(count));
  }
  ::close(client);
  return bytes;
}

// Writes a GET request's head that asks for the connection to be closed.
inline std::string get_head(const std::string& target, const std::string& extra = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n" +
         "X-Eniscope-API: demo-key\r\nAuthorization: " + kBasic + "\r\n" + extra + "\r\n";
}

// Orders faults in process; returns what is wrong with them.
inline std::string order(Simulator& simulator, const std::string& rules) {
  return simulator.api().faults().add(Json::parse(rules));
}

}  // namespace argo::sim

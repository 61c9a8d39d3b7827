// A request and an answer of the simulated API, free of any HTTP library.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argo::sim {

struct Request {
  std::string path;   // without version prefix and trailing slash
  std::string query;  // as it came
  std::multimap<std::string, std::string> params;
  std::string api_key;
  std::string authorization;
  std::string token;
  bool accepts_gzip = false;

  // Finds the first value of a parameter, or an empty text.
  std::string_view param(const std::string& name) const {
    const auto found = params.find(name);
    return found == params.end() ? std::string_view() : std::string_view(found->second);
  }
};

struct Answer {
  int status = 200;
  std::string type = "text/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool compressible = true;    // may be sent as gzip
  double hang_seconds = 0;     // silence before the first byte
  size_t piece_bytes = 0;      // sends the body in pieces of this size …
  int64_t piece_ms = 0;        // … with this pause between them
  bool chunked = false;        // sends no Content-Length
  uint64_t padding_bytes = 0;  // spaces sent behind the body without being stored

  // Makes an error as the API words it.
  static Answer error(int status, std::string_view message) {
    Answer answer;
    answer.status = status;
    answer.body = "{\"error\":\"" + std::string(message) + "\"}";
    return answer;
  }
};

}  // namespace argo::sim

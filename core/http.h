// Runs HTTP requests at the same time on one thread, by libcurl's multi interface.
#ifndef ARGO_CORE_HTTP_H_
#define ARGO_CORE_HTTP_H_

#include "host_free.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "settings.h"

namespace argo {

// Answers beyond this size, before or after inflation, are cut off. A week of a channel is 60 kB.
inline constexpr std::int64_t kMaxBodyBytes = 8L * 1024 * 1024;
// What the answers under way may hold together, which lowers the bound of each.
inline constexpr std::int64_t kMaxBodiesBytes = 48L * 1024 * 1024;

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;
};

// The steps of a transfer, in their order.
enum class HttpStep : std::uint8_t { kResolve, kConnect, kSecure, kAnswer };

// How long each step took, in milliseconds; 0 where it did not happen.
struct HttpTimes {
  double resolve = 0;
  double connect = 0;
  double secure = 0;
  double first_byte = 0;
  double total = 0;
};

struct HttpResponse {
  long status = 0;  // 0: no answer came, see transport_error
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case; of two the last
  std::string transport_error;                 // empty unless the transfer failed
  bool too_large = false;                      // cut off at its bound
  bool untrusted = false;                      // TLS could not verify the server
  HttpStep ended_in = HttpStep::kAnswer;       // where a transfer failed
  bool timed_out = false;
  bool was_refused = false;    // nobody listens there
  bool bad_ca_file = false;    // it cannot be read, or holds no certificate
  long certificate_error = 0;  // OpenSSL's X509_V_ERR_..., where it has a word for it
  HttpTimes times;
  std::string timings;  // "dns 1 ms, connect 2 ms, tls 0 ms, first byte 9 ms, total 10 ms"

  bool ok() const { return transport_error.empty(); }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class HttpClient {
 public:
  explicit HttpClient(const Settings& settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Starts a GET; its response comes from a later poll() under the same id.
  void start(std::uint64_t id, const HttpRequest& request);

  // Drives the transfers, waiting at most max_wait_ms for one of them to move, and returns what
  // ended.
  std::vector<std::pair<std::uint64_t, HttpResponse>> poll(int max_wait_ms);

  // Returns how many requests are under way.
  std::size_t active() const { return transfers_.size(); }

 private:
  struct Transfer;

  void perform();

  Settings settings_;
  void* multi_;
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
};

}  // namespace argo

#endif  // ARGO_CORE_HTTP_H_

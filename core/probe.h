// Asks the API one question, and says of each step on the way how it went.
#ifndef ARGO_CORE_PROBE_H_
#define ARGO_CORE_PROBE_H_

#include "host_free.h"

#include <cstdint>
#include <string>
#include <vector>

#include "host.h"
#include "settings.h"

namespace argo {

enum class ProbeStatus : std::uint8_t { kOk, kWarn, kFail };

// Returns "OK", "WARN" or "FAIL".
const char* to_text(ProbeStatus status);

// What is wrong, as far as it matters for the cure.
enum class ProbeFault : std::uint8_t {
  kNone,
  kUnknownHost,
  kNoResolver,    // nobody answered who the host is
  kRefused,       // nobody listens there
  kNoConnection,  // no way there, or no answer in time
  kCaFile,        // ca_file cannot be read
  kUntrusted,     // by no authority that is known here
  kExpired,       // or not valid yet
  kWrongName,     // the certificate is another host's
  kOldTls,        // TLS is too old, or it is no TLS
  kTls,           // any other failure of TLS
  kNoAnswer,      // the connection broke, or no answer in time
  kLoginRefused,  // 401, 419
  kNoRights,      // 403
  kSubscription,  // 402
  kRateLimited,   // 429
  kApiFails,      // any other answer but 200
  kNotTheApi,     // a web page, a redirect, or nothing at that path
  kClockSkew,
  kNotReached,  // an earlier step failed
};

struct ProbeStep {
  std::string name;  // "dns", "connect", "tls", "login", "clock skew"
  ProbeStatus status = ProbeStatus::kOk;
  ProbeFault fault = ProbeFault::kNone;
  std::string detail;  // without secrets, safe to show
};

// Clocks further apart than this, in seconds, are a finding; as the rule clock_skew has it.
inline constexpr double kMaxClockSkewSeconds = 60;

// Sends one login with one request for a list, within connect_timeout_ms. Returns the five steps in
// their order. Throws Cancelled within 50 ms of the host's wish.
std::vector<ProbeStep> probe(Host& host, const Settings& settings);

}  // namespace argo

#endif  // ARGO_CORE_PROBE_H_

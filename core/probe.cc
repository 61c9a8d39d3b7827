// Asks the API one question, and says of each step on the way how it went.
#include "probe.h"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "clock_skew.h"
#include "error.h"
#include "http.h"
#include "list_parser.h"
#include "session.h"
#include "text.h"

namespace argo {

namespace {

constexpr std::size_t kMaxDetailBytes = 400;

// Sends a request and waits for what comes of it.
HttpResponse ask(Host& host, const Settings& settings, const HttpRequest& request) {
  HttpClient client(settings);
  client.start(0, request);
  while (true) {
    if (host.stop_requested())
      throw Cancelled();
    auto ended = client.poll(kStopPollMs);
    if (!ended.empty())
      return std::move(ended.front().second);
  }
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

ProbeFault resolve_fault(const HttpResponse& response) {
  return response.timed_out ? ProbeFault::kNoResolver : ProbeFault::kUnknownHost;
}

ProbeFault connect_fault(const HttpResponse& response) {
  return response.timed_out || !response.was_refused ? ProbeFault::kNoConnection
                                                     : ProbeFault::kRefused;
}

ProbeFault tls_fault(const HttpResponse& response) {
  const std::string& error = response.transport_error;
  if (response.bad_ca_file)
    return ProbeFault::kCaFile;
  switch (response.certificate_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return ProbeFault::kExpired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return ProbeFault::kWrongName;
    default:
      break;
  }
  // libcurl compares the names itself, and OpenSSL has no word for it.
  if (response.untrusted)
    return contains(error, "subject name") ? ProbeFault::kWrongName : ProbeFault::kUntrusted;
  for (const char* part : {"wrong version number", "unsupported protocol", "protocol version",
                           "packet length", "no protocols", "unexpected message"})
    if (contains(error, part))
      return ProbeFault::kOldTls;
  return ProbeFault::kTls;
}

// Says what an answer means for the login. `page` is its body, read.
ProbeFault answer_fault(const HttpResponse& response, const ListPage& page) {
  switch (response.status) {
    case 200:
      if (page.error.empty())
        return ProbeFault::kNone;
      return contains(page.error, "the API says") ? ProbeFault::kApiFails : ProbeFault::kNotTheApi;
    case 401:
    case 419:
      return ProbeFault::kLoginRefused;
    case 402:
      return ProbeFault::kSubscription;
    case 403:
      return ProbeFault::kNoRights;
    case 404:
    case 405:
    case 410:
      return ProbeFault::kNotTheApi;
    case 429:
      return ProbeFault::kRateLimited;
    default:
      return response.status < 400 ? ProbeFault::kNotTheApi : ProbeFault::kApiFails;
  }
}

std::string milliseconds(double ms) {
  return std::to_string(std::llround(ms)) + " ms";
}

// Describes an answer as its login sees it.
std::string describe_answer(const HttpResponse& response, const ListPage& page, ProbeFault fault,
                            const Session& session) {
  switch (fault) {
    case ProbeFault::kNone: {
      const std::string sites =
          page.record_count ? std::to_string(*page.record_count) + " sites" : "a list of sites";
      return "let in, and shown " + sites + " after " + milliseconds(response.times.first_byte);
    }
    case ProbeFault::kLoginRefused:
      return "the API refused the login: " + session.describe(response);
    case ProbeFault::kNoRights:
      return "the API refuses this key, or grants this login no right: " +
             session.describe(response);
    case ProbeFault::kSubscription:
      return "the API's subscription has expired: " + session.describe(response);
    case ProbeFault::kRateLimited:
      return "the API's rate limit is exceeded: " + session.describe(response);
    case ProbeFault::kNotTheApi:
      return "this is not the API: " + session.describe(response);
    default:
      return "the API fails: " + session.describe(response);
  }
}

std::string describe_skew(double seconds) {
  const long long rounded = std::llround(std::abs(seconds));
  if (rounded == 0)
    return "the API's clock and this machine's agree";
  return "this machine's clock is " + std::to_string(rounded) + " s " +
         (seconds > 0 ? "behind" : "ahead of") + " the API's";
}

// The steps as they come, each either done, or failed and the end of the others.
class Report {
 public:
  Report(std::string where, const Session& session) : where_(std::move(where)), session_(session) {}

  void ok(const char* name, const std::string& detail) { add(name, ProbeFault::kNone, detail); }

  void add(const char* name, ProbeFault fault, const std::string& detail,
           ProbeStatus status = ProbeStatus::kFail) {
    steps_.push_back({name, fault == ProbeFault::kNone ? ProbeStatus::kOk : status, fault,
                      printable(session_.redact(detail), kMaxDetailBytes)});
  }

  void fail(const char* name, ProbeFault fault, const HttpResponse& response) {
    add(name, fault, response.transport_error + " (" + where_ + ", " + response.timings + ")");
  }

  // Returns the steps; those behind the one that failed were not reached.
  std::vector<ProbeStep> take() {
    for (const char* name : {"dns", "connect", "tls", "login", "clock skew"})
      if (std::none_of(steps_.begin(), steps_.end(),
                       [&](const ProbeStep& step) { return step.name == name; }))
        add(name, ProbeFault::kNotReached, "not reached: " + failed_step() + " failed",
            ProbeStatus::kWarn);
    return std::move(steps_);
  }

 private:
  std::string failed_step() const {
    for (const ProbeStep& step : steps_)
      if (step.status == ProbeStatus::kFail && step.fault != ProbeFault::kNotReached)
        return step.name;
    return "an earlier step";
  }

  std::string where_;
  const Session& session_;
  std::vector<ProbeStep> steps_;
};

void report_skew(Report& report, const HttpResponse& response) {
  ClockSkew skew;
  const std::chrono::duration<double, std::milli> took(response.times.first_byte);
  skew.add(response.header("date"), ClockSkew::Clock::now(),
           std::chrono::duration_cast<ClockSkew::Clock::duration>(took));
  const std::optional<double> seconds = skew.seconds();
  if (!seconds)
    return report.ok("clock skew", "not known: the API did not tell its time");
  const bool is_large = std::abs(*seconds) > kMaxClockSkewSeconds;
  report.add("clock skew", is_large ? ProbeFault::kClockSkew : ProbeFault::kNone,
             describe_skew(*seconds), ProbeStatus::kWarn);
}

}  // namespace

const char* to_text(ProbeStatus status) {
  switch (status) {
    case ProbeStatus::kOk:
      return "OK";
    case ProbeStatus::kWarn:
      return "WARN";
    default:
      return "FAIL";
  }
}

std::vector<ProbeStep> probe(Host& host, const Settings& settings) {
  Settings bounded = settings;
  bounded.timeout_ms = std::min(settings.timeout_ms, settings.connect_timeout_ms);
  const Session session(settings);
  const HttpResponse response =
      ask(host, bounded, {api_base(settings) + "/organizations?limit=1&page=1", session.headers()});

  Report report(settings.url, session);
  // A status is an answer, even where its body is cut off.
  const HttpStep reached =
      response.ok() || response.status >= 300 ? HttpStep::kAnswer : response.ended_in;
  if (reached == HttpStep::kResolve) {
    report.fail("dns", resolve_fault(response), response);
    return report.take();
  }
  report.ok("dns", "resolved in " + milliseconds(response.times.resolve));
  if (reached == HttpStep::kConnect) {
    report.fail("connect", connect_fault(response), response);
    return report.take();
  }
  report.ok("connect",
            "connected to " + settings.url + " in " + milliseconds(response.times.connect));
  if (reached == HttpStep::kSecure) {
    report.fail("tls", tls_fault(response), response);
    return report.take();
  }
  report.ok("tls", settings.url.compare(0, 6, "https:") == 0
                       ? "verified in " + milliseconds(response.times.secure)
                       : std::string("not used: plain http to this machine"));
  if (!response.ok() && response.status < 300) {
    report.fail("login", ProbeFault::kNoAnswer, response);
    return report.take();
  }
  const ListPage page =
      response.status == 200 ? parse_list_page(response.body, "organizations") : ListPage();
  const ProbeFault fault = answer_fault(response, page);
  report.add("login", fault, describe_answer(response, page, fault, session),
             fault == ProbeFault::kRateLimited ? ProbeStatus::kWarn : ProbeStatus::kFail);
  report_skew(report, response);
  return report.take();
}

}  // namespace argo

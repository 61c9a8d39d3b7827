// Opens a connection to the database: one attempt after the other, each without blocking.
#include "loader/connect.h"

#include "core/host.h"
#include "core/text.h"
#include "loader/connect_error.h"

#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace argo::loader {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMaxPausesAtFirst = 5;
constexpr int kNoLimit = std::numeric_limits<int>::max();
constexpr seconds kAllAttempts{45};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{8000};
constexpr char kToConnectMs[] = "10000";
// A server that waits for a lock takes no more of a COPY; to TCP that is silence, too.
constexpr unsigned int kToSendMs = 120'000;

constexpr char kUrlHint[] =
    "set DATABASE_URL to postgresql://user:password@host/database, "
    "with @ : / ? # % in the password percent-encoded";
constexpr char kReachHint[] =
    "check DATABASE_URL, and that the server accepts connections from here";

struct OptionsFree {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using ConnectionOptions = std::unique_ptr<PQconninfoOption, OptionsFree>;

bool is_ports(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == ','; });
}

// Says whether a value is what is left of a password that was not percent-encoded.
bool holds_password_piece(std::string_view keyword, std::string_view value) {
  if (keyword == "port")
    return !is_ports(value);
  return (keyword == "host" || keyword == "dbname") && value.find('@') != std::string_view::npos;
}

// Returns how long one address may take; nothing where it may take for ever.
std::optional<seconds> connect_timeout(PGconn* conn) {
  const ConnectionOptions options(PQconninfo(conn));
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o)
    if (std::string_view(o->keyword) == "connect_timeout" && o->val != nullptr) {
      const long given = std::strtol(o->val, nullptr, 10);
      return given <= 0 ? std::nullopt : std::optional(seconds(given));
    }
  return std::nullopt;
}

void stop_if_asked(const Patience& patience) {
  if (patience.stop && patience.stop())
    throw Cancelled();
}

// Begins to connect. What stands before dbname are defaults that the URL may override.
ConnPtr start_attempt(const std::string& url) {
  const std::array<const char*, 8> keywords = {"connect_timeout",  "fallback_application_name",
                                               "keepalives_idle",  "keepalives_interval",
                                               "tcp_user_timeout", "dbname",
                                               "client_encoding",  nullptr};
  // An address that never answers gives way to the host's next one before the attempt ends.
  const std::array<const char*, 8> values = {"15",         "argo-loader", "30",   "10",
                                             kToConnectMs, url.c_str(),   "UTF8", nullptr};
  ConnPtr conn(PQconnectStartParams(keywords.data(), values.data(), 1));
  if (!conn)
    throw std::bad_alloc();
  // Start-up errors have no result to take the SQLSTATE from, only this text.
  PQsetErrorVerbosity(conn.get(), PQERRORS_VERBOSE);
  return conn;
}

// Gives sending more time than connecting, unless the URL says how much.
void lengthen_send_timeout(PGconn* conn) {
  const ConnectionOptions options(PQconninfo(conn));
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o)
    if (std::string_view(o->keyword) == "tcp_user_timeout" && o->val != nullptr &&
        std::string_view(o->val) == kToConnectMs)
      setsockopt(PQsocket(conn), IPPROTO_TCP, TCP_USER_TIMEOUT, &kToSendMs, sizeof kToSendMs);
}

std::string server_of(PGconn* conn) {
  return or_empty(PQhost(conn)) + ":" + or_empty(PQport(conn));
}

ConnectError timeout_error(PGconn* conn, seconds timeout) {
  return {true, Failure(ExitCode::kDatabaseUnreachable, sqlstate::kUnreachable,
                        "could not connect to the database",
                        server_of(conn) + " gave no answer within " +
                            std::to_string(timeout.count()) + " s",
                        kReachHint)};
}

// Goes on with an attempt until it has ended; returns why it failed, if it did.
std::optional<ConnectError> finish_attempt(PGconn* conn, const Patience& patience) {
  const auto timeout = connect_timeout(conn);
  std::string address;
  Clock::time_point since = Clock::now();
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
    stop_if_asked(patience);
    // As in PQconnectdb(), each address has the whole time.
    std::string now_at = or_empty(PQhostaddr(conn)) + " " + or_empty(PQport(conn));
    if (now_at != address) {
      address = std::move(now_at);
      since = Clock::now();
    }
    if (timeout && Clock::now() - since > *timeout)
      return timeout_error(conn, *timeout);
    pollfd socket{PQsocket(conn),
                  static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    if (poll(&socket, 1, kStopPollMs) > 0)
      state = PQconnectPoll(conn);
  }
  if (PQstatus(conn) == CONNECTION_OK)
    return std::nullopt;
  return judge_connect_error(or_empty(PQerrorMessage(conn)), server_of(conn));
}

}  // namespace

void ConnFree::operator()(pg_conn* conn) const noexcept {
  PQfinish(conn);
}

// Makes sure that libpq understands the text. What it says about a bad one quotes it, password and
// all.
void check_url(const std::string& url) {
  const ConnectionOptions options(PQconninfoParse(url.c_str(), nullptr));
  bool is_plausible = options != nullptr;
  for (const PQconninfoOption* o = options.get(); is_plausible && o->keyword != nullptr; ++o)
    is_plausible = o->val == nullptr || !holds_password_piece(o->keyword, o->val);
  if (!is_plausible)
    throw Failure(ExitCode::kConfiguration, sqlstate::kInvalidParameter,
                  "DATABASE_URL is not a connection string", "nothing was connected to", kUrlHint);
}

void pause_for(milliseconds length, const Patience& patience) {
  const auto until = Clock::now() + length;
  while (Clock::now() < until) {
    stop_if_asked(patience);
    std::this_thread::sleep_for(milliseconds(kStopPollMs));
  }
}

RetryPauses::RetryPauses(bool is_server_known)
    : random_(std::random_device()()),
      give_up_at_(Clock::now() + kAllAttempts),
      longest_(kFirstPause),
      pauses_left_(is_server_known ? kNoLimit : kMaxPausesAtFirst) {}

void RetryPauses::meet_server() {
  pauses_left_ = kNoLimit;
}

bool RetryPauses::is_another() const {
  return pauses_left_ > 0 && Clock::now() + longest_ < give_up_at_;
}

void RetryPauses::next(const Patience& patience) {
  std::uniform_real_distribution<double> share(0.5, 1.0);
  const auto length = static_cast<double>(longest_.count()) * share(random_);
  pause_for(milliseconds(static_cast<int>(length)), patience);
  longest_ = std::min(longest_ * 2, kLongestPause);
  --pauses_left_;
}

ConnPtr open_connection(const std::string& url, const Patience& patience, bool is_server_known) {
  RetryPauses pauses(is_server_known);
  while (true) {
    ConnPtr conn = start_attempt(url);
    const auto error = finish_attempt(conn.get(), patience);
    if (!error) {
      PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
      lengthen_send_timeout(conn.get());
      PQsetnonblocking(conn.get(), 1);
      return conn;
    }
    conn.reset();
    if (error->failure.sqlstate() != sqlstate::kUnreachable)
      pauses.meet_server();
    if (!error->may_pass || !pauses.is_another())
      throw Failure(error->failure);
    if (patience.tell)
      patience.tell(error->failure.message() + ", trying again: " + error->failure.detail());
    pauses.next(patience);
  }
}

}  // namespace argo::loader

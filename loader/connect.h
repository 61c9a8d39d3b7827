// Opens a connection to the database: one attempt after the other, each without blocking.
#ifndef ARGO_LOADER_CONNECT_H_
#define ARGO_LOADER_CONNECT_H_

#include "loader/connection.h"

#include <chrono>
#include <memory>
#include <random>
#include <string>

struct pg_conn;

namespace argo::loader {

struct ConnFree {
  void operator()(pg_conn* conn) const noexcept;
};
using ConnPtr = std::unique_ptr<pg_conn, ConnFree>;

// Throws Failure unless libpq understands the text. What libpq says about a bad one quotes it,
// password and all.
void check_url(const std::string& url);

// Waits; throws Cancelled where that is to end.
void pause_for(std::chrono::milliseconds length, const Patience& patience);

// Growing pauses between attempts, jittered, so that clients that failed together do not return
// together: 0.5 s doubling to 8 s, for 45 s; five of them, some 12 s, where nothing says that there
// is a server at all.
class RetryPauses {
 public:
  explicit RetryPauses(bool is_server_known = true);

  // Takes note that a server answered, if only to say that it starts.
  void meet_server();

  // Says whether there is time for another attempt; where there is, next() waits for it.
  bool is_another() const;
  void next(const Patience& patience);

 private:
  using Clock = std::chrono::steady_clock;

  std::minstd_rand random_;
  Clock::time_point give_up_at_;
  std::chrono::milliseconds longest_;  // of the next pause
  int pauses_left_;
};

// Connects; the connection does not block. Throws Failure once no further attempt would help;
// `is_server_known` says that it was connected to before.
ConnPtr open_connection(const std::string& url, const Patience& patience, bool is_server_known);

}  // namespace argo::loader

#endif  // ARGO_LOADER_CONNECT_H_

// The thread that owns the connection to the database: it stores pulls while others are fetched,
// and shows that the run lives.
#ifndef ARGO_LOADER_WRITER_H_
#define ARGO_LOADER_WRITER_H_

#include "core/host.h"
#include "loader/chunk_store.h"
#include "loader/connection.h"
#include "loader/ledger.h"
#include "loader/terminal.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace argo::loader {

class Writer {
 public:
  using Task = std::function<void(Connection&)>;

  // Throws Failure where `url` is no connection string. Connects with the first task.
  Writer(const std::string& url, Terminal& terminal);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // Ends what runs, without waiting for it.
  ~Writer();

  // Runs a task on the thread and waits for it; throws what it throws. Within Cancelled's 50 ms
  // where the program is to end.
  void run(const Task& task);

  // From here on pulls are taken, and the run of the ledger shows that it lives, until detach().
  // What is given must live until then.
  void attach(ChunkStore& store, Ledger& ledger);
  void detach();

  // Takes pulls to be stored, and waits where too many wait already. Returns what became of those
  // taken before, in their order, as far as it is known and was not returned. Throws the thread's
  // error.
  std::vector<Stored> store(const Site& site, std::vector<Pull> pulls);

  // Waits until all is stored; returns the rest.
  std::vector<Stored> finish_storing();

  // Says whether the thread has met an error, which the next call throws.
  bool has_failed() const { return has_failed_; }
  // Throws that error, if there is one.
  void rethrow();

  // Ends the run because the program is to end: the chunk under way is finished if that is possible
  // in time, else undone, and the ledger is told if that is possible in time.
  void abandon() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  void loop() noexcept;
  bool step(std::unique_lock<std::mutex>& lock);
  void store_chunk(std::unique_lock<std::mutex>& lock);
  void beat(std::unique_lock<std::mutex>& lock);
  void say_farewell(std::unique_lock<std::mutex>& lock);
  std::vector<Pull> take_chunk();
  void wait_while(std::unique_lock<std::mutex>& lock, const std::function<bool()>& is_waiting);
  void allow_until(Clock::time_point time) { allowed_until_ = time.time_since_epoch().count(); }
  void end_thread();

  Terminal& terminal_;
  Connection connection_;                  // the thread's alone
  std::atomic<Clock::rep> allowed_until_;  // then waits for the database end by Cancelled
  std::atomic<bool> has_failed_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by the mutex:
  const Task* task_ = nullptr;
  std::exception_ptr task_error_;
  std::deque<Pull> queue_;
  std::size_t queued_readings_ = 0;
  std::optional<Site> site_;
  bool has_site_to_store_ = false;
  std::vector<Stored> stored_;
  bool is_storing_ = false;
  std::exception_ptr error_;
  ChunkStore* store_ = nullptr;
  Ledger* ledger_ = nullptr;
  Clock::time_point heard_at_;
  bool is_ending_ = false;
  std::optional<Clock::time_point> abandoned_at_;

  std::thread thread_;  // last, since it uses all the others
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_WRITER_H_

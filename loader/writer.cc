// The thread that owns the connection to the database: it stores pulls while others are fetched,
// and shows that the run lives.
#include "loader/writer.h"

#include "core/error.h"
#include "loader/signals.h"
#include "loader/transaction.h"

#include <iterator>
#include <utility>

namespace argo::loader {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxChunkReadings = 262'144;
constexpr std::size_t kMaxQueuedReadings = 1'000'000;
constexpr milliseconds kPoll{50};
constexpr std::chrono::seconds kHeartbeat{Ledger::kHeartbeatSeconds};
// Since the end began; less than what signals.h leaves the program. What is left after the chunk is
// for a cancel and, often, for another connection.
constexpr milliseconds kToFinish{400};
constexpr milliseconds kToSayFarewell{800};

std::size_t size_of(const Pull& pull) {
  return pull.readings.size() + pull.rejects.size();
}

std::string chunk_text(const std::vector<Stored>& stored, std::int64_t readings,
                       const std::string& progress) {
  std::int64_t inserted = 0;
  for (const Stored& one : stored)
    inserted += one.inserted;
  return "stored " + std::to_string(stored.size()) + " pulls, " + std::to_string(readings) +
         " records, " + std::to_string(inserted) + " of them new" +
         (progress.empty() ? "" : "; " + progress);
}

}  // namespace

Writer::Writer(const std::string& url, Terminal& terminal)
    : terminal_(terminal),
      connection_(url,
                  {[this] { return Clock::now().time_since_epoch().count() >= allowed_until_; },
                   [this](const std::string& why) { terminal_.notice(why); }}) {
  allow_until(Clock::time_point::max());
  connection_.set_notice_taker([this](const std::string& text) { terminal_.said(text); });
  thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
  allow_until(Clock::now());
  end_thread();
}

void Writer::run(const Task& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  task_error_ = nullptr;
  changed_.notify_all();
  // The task uses what its caller has, so it is waited for in any case.
  while (task_ != nullptr) {
    if (stop_signal() != 0)
      allow_until(Clock::now());
    changed_.wait_for(lock, kPoll);
  }
  if (task_error_)
    std::rethrow_exception(std::exchange(task_error_, nullptr));
}

void Writer::attach(ChunkStore& store, Ledger& ledger) {
  const std::lock_guard lock(mutex_);
  store_ = &store;
  ledger_ = &ledger;
  heard_at_ = Clock::now();
  changed_.notify_all();
}

void Writer::detach() {
  std::unique_lock lock(mutex_);
  store_ = nullptr;
  ledger_ = nullptr;
  // A sign of life may be on its way.
  while (is_storing_) {
    if (stop_signal() != 0)
      allow_until(Clock::now());
    changed_.wait_for(lock, kPoll);
  }
}

// Waits for the thread; throws its error, and Cancelled where the program is to end.
void Writer::wait_while(std::unique_lock<std::mutex>& lock,
                        const std::function<bool()>& is_waiting) {
  while (!error_ && is_waiting()) {
    if (stop_signal() != 0)
      throw Cancelled();
    changed_.wait_for(lock, kPoll);
  }
  if (error_)
    std::rethrow_exception(error_);
}

std::vector<Stored> Writer::store(const Site& site, std::vector<Pull> pulls) {
  std::unique_lock lock(mutex_);
  if (!site_) {
    site_ = site;
    has_site_to_store_ = true;
  }
  wait_while(lock, [this] { return queued_readings_ >= kMaxQueuedReadings; });
  for (const Pull& pull : pulls)
    queued_readings_ += size_of(pull);
  queue_.insert(queue_.end(), std::move_iterator(pulls.begin()), std::move_iterator(pulls.end()));
  changed_.notify_all();
  return std::exchange(stored_, {});
}

std::vector<Stored> Writer::finish_storing() {
  std::unique_lock lock(mutex_);
  wait_while(lock, [this] { return has_site_to_store_ || !queue_.empty() || is_storing_; });
  return std::exchange(stored_, {});
}

void Writer::rethrow() {
  const std::lock_guard lock(mutex_);
  if (error_)
    std::rethrow_exception(error_);
}

void Writer::abandon() noexcept {
  const Clock::time_point now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    queue_.clear();
    has_site_to_store_ = false;
    abandoned_at_ = now;
  }
  allow_until(now + kToFinish);
  end_thread();
}

void Writer::end_thread() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void Writer::loop() noexcept {
  std::unique_lock lock(mutex_);
  bool is_going_on = true;
  while (is_going_on) {
    try {
      is_going_on = step(lock);
    } catch (...) {
      if (!lock.owns_lock())
        lock.lock();
      error_ = std::current_exception();
      has_failed_ = true;
      is_storing_ = false;
      queue_.clear();
      queued_readings_ = 0;
      has_site_to_store_ = false;
      changed_.notify_all();
    }
  }
  changed_.notify_all();
}

// Does what is next, or waits for it; returns false at the end.
bool Writer::step(std::unique_lock<std::mutex>& lock) {
  if (task_ != nullptr) {
    lock.unlock();
    std::exception_ptr error;
    try {
      (*task_)(connection_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    task_error_ = error;
    task_ = nullptr;
    changed_.notify_all();
  } else if (is_ending_) {
    if (abandoned_at_)
      say_farewell(lock);
    return false;
  } else if (!error_ && store_ != nullptr && (!queue_.empty() || has_site_to_store_)) {
    store_chunk(lock);
  } else if (!error_ && ledger_ != nullptr && Clock::now() - heard_at_ >= kHeartbeat) {
    beat(lock);
  } else if (!error_ && ledger_ != nullptr) {
    changed_.wait_until(lock, heard_at_ + kHeartbeat);
  } else {
    changed_.wait(lock);
  }
  return true;
}

// Takes as many pulls as a transaction may hold.
std::vector<Pull> Writer::take_chunk() {
  std::vector<Pull> pulls;
  std::size_t readings = 0;
  while (!queue_.empty() &&
         (pulls.empty() || readings + size_of(queue_.front()) <= kMaxChunkReadings)) {
    readings += size_of(queue_.front());
    pulls.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_readings_ -= readings;
  has_site_to_store_ = false;
  return pulls;
}

void Writer::store_chunk(std::unique_lock<std::mutex>& lock) {
  std::vector<Pull> pulls = take_chunk();
  std::int64_t records = 0;
  for (const Pull& pull : pulls)
    records += pull.fetched;
  ChunkStore& store = *store_;
  const Ledger& ledger = *ledger_;
  is_storing_ = true;
  changed_.notify_all();
  lock.unlock();
  const std::vector<Stored> stored = store.store(connection_, *site_, std::move(pulls));
  if (!stored.empty())
    terminal_.chunk(chunk_text(stored, records, ledger.progress_text()));
  lock.lock();
  is_storing_ = false;
  stored_.insert(stored_.end(), stored.begin(), stored.end());
  heard_at_ = Clock::now();
  changed_.notify_all();
}

// Shows that the run lives, and looks whether another one thinks otherwise.
void Writer::beat(std::unique_lock<std::mutex>& lock) {
  const Ledger& ledger = *ledger_;
  is_storing_ = true;
  lock.unlock();
  run_transaction(connection_, [&] {
    const Statement note = ledger.note_running({});
    if (connection_.query(note.sql, note.parameters).rows.empty())
      throw Failure(ledger.taken_over());
  });
  lock.lock();
  is_storing_ = false;
  heard_at_ = Clock::now();
  changed_.notify_all();
}

// Tells the ledger that the run has ended early.
void Writer::say_farewell(std::unique_lock<std::mutex>& lock) {
  if (ledger_ == nullptr)
    return;
  const Ledger& ledger = *ledger_;
  ledger_ = nullptr;
  allow_until(*abandoned_at_ + kToSayFarewell);
  lock.unlock();
  run_transaction(connection_, [&] {
    const Statement note = ledger.note("interrupted", "ended by a signal", {}, {});
    connection_.query(note.sql, note.parameters);
  });
  lock.lock();
}

}  // namespace argo::loader

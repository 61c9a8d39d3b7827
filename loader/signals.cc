// Ends the program within a second of SIGINT, SIGTERM or SIGHUP, whatever hangs.
#include "loader/signals.h"

#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace argo::loader {

namespace {

constexpr int kMicrosecondsLeft = 900'000;
constexpr int kSignalExit = 128;

std::atomic<int> noted_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not wait");

void end_at_once(int /*signal*/) {
  _exit(kSignalExit + noted_signal.load());
}

// Takes note; only calls that a handler may make.
void note(int signal) {
  int none = 0;
  if (!noted_signal.compare_exchange_strong(none, signal))
    end_at_once(signal);
  const int error_before = errno;
  // A look-up in a DNS that is silent cannot be interrupted in any other way.
  const itimerval timer{{0, 0}, {0, kMicrosecondsLeft}};
  setitimer(ITIMER_REAL, &timer, nullptr);
  errno = error_before;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_stop_signals() {
  handle(SIGALRM, end_at_once);
  handle(SIGINT, note);
  handle(SIGTERM, note);
  // nohup has it ignored, and a run is to outlive its terminal then.
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN)
    handle(SIGHUP, note);
}

int stop_signal() noexcept {
  return noted_signal.load();
}

}  // namespace argo::loader

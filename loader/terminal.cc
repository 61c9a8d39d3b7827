// What people see while a command runs: progress, notices, warnings and the error that ended it,
// all on stderr.
#include "loader/terminal.h"

#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/output.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace argo::loader {

namespace {

constexpr std::size_t kBarCharacters = 24;
constexpr std::size_t kUnknownWidth = 80;
constexpr std::size_t kMaxLineBytes = 10000;

// Returns the first characters of a UTF-8 text.
std::string cut(const std::string& text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size() && characters > 0; --characters)
    at += std::max<std::size_t>(utf8_sequence_length(text, at), 1);
  return text.substr(0, at);
}

// Returns a label with its text; further lines of it stand below one another, as psql writes them.
std::string labelled(const std::string& label, const std::string& text) {
  if (text.empty())
    return {};
  std::string out = label + ":  ";
  std::string_view rest = text;
  for (;;) {
    const std::size_t end = rest.find('\n');
    out += printable(rest.substr(0, end), kMaxLineBytes) + '\n';
    if (end == std::string_view::npos)
      return out;
    rest.remove_prefix(end + 1);
  }
}

// Writes as much as the file takes; returns false where it takes no more.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready{file, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string progress_line(const Progress& progress, std::size_t width) {
  const std::int64_t planned = std::max<std::int64_t>(progress.slots_planned, 0);
  const std::int64_t done = std::clamp<std::int64_t>(progress.slots_done, 0, planned);
  const std::size_t filled = planned == 0 ? kBarCharacters
                                          : kBarCharacters * static_cast<std::size_t>(done) /
                                                static_cast<std::size_t>(planned);
  std::string line =
      "[" + std::string(filled, '#') + std::string(kBarCharacters - filled, '.') + "]";
  if (!progress.text.empty())
    line += ' ' + printable(progress.text, kMaxLineBytes);
  return cut(line, width);
}

std::size_t terminal_width(int file) {
  if (isatty(file) == 0)
    return 0;
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUnknownWidth;
}

bool write_result(int file, const std::string& text) {
  if (write_all(file, text))
    return true;
  // A reader that has seen enough, such as head, is no failure.
  if (errno != EPIPE)
    throw Failure(ExitCode::kInternal, "58030",
                  "could not write the result: " + std::string(std::strerror(errno)),
                  "What the command did is done.", "see that stdout is open and has room");
  return false;
}

Terminal::Terminal(int file, Verbosity verbosity)
    : file_(file), can_redraw_(false), verbosity_(verbosity) {
  const char* kind = std::getenv("TERM");
  can_redraw_ = isatty(file) != 0 && !(kind != nullptr && std::strcmp(kind, "dumb") == 0);
}

void Terminal::set_verbosity(Verbosity verbosity) {
  const std::lock_guard lock(mutex_);
  verbosity_ = verbosity;
}

void Terminal::write_lines(const std::string& lines) {
  // Nobody is left to complain to where stderr takes nothing.
  write_all(file_, bar_.empty() ? lines : "\r\x1b[K" + lines + bar_);
}

void Terminal::progress(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  if (!can_redraw_ || verbosity_ == Verbosity::kQuiet)
    return;
  // One less, since the last column makes some terminals go on in the next line.
  bar_ = progress_line(progress, std::max<std::size_t>(terminal_width(file_), 2) - 1);
  write_all(file_, "\r" + bar_ + "\x1b[K");
}

void Terminal::chunk(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if ((can_redraw_ && verbosity_ != Verbosity::kVerbose) || verbosity_ == Verbosity::kQuiet)
    return;
  write_lines(printable(text, kMaxLineBytes) + '\n');
}

void Terminal::notice(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ != Verbosity::kQuiet)
    write_lines(labelled("NOTICE", text));
}

void Terminal::said(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ != Verbosity::kQuiet || line.rfind("WARNING", 0) == 0)
    write_lines(printable(line, kMaxLineBytes) + '\n');
}

void Terminal::debug(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::kVerbose)
    write_lines(labelled("DEBUG", text));
}

void Terminal::warning(const std::string& message, const std::string& detail,
                       const std::string& hint) {
  const std::lock_guard lock(mutex_);
  write_lines(labelled("WARNING", message) + labelled("DETAIL", detail) + labelled("HINT", hint));
}

void Terminal::error(const Error& error) {
  const std::lock_guard lock(mutex_);
  write_lines(labelled("ERROR", error.sqlstate() + ": " + error.message()) +
              labelled("DETAIL", error.detail()) + labelled("HINT", error.hint()));
}

void Terminal::end_progress() {
  const std::lock_guard lock(mutex_);
  if (!bar_.empty())
    write_all(file_, "\r\x1b[K");
  bar_.clear();
  can_redraw_ = false;
}

}  // namespace argo::loader

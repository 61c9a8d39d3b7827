// What people see while a command runs: progress, notices, warnings and the error that ended it,
// all on stderr.
#ifndef ARGO_LOADER_TERMINAL_H_
#define ARGO_LOADER_TERMINAL_H_

#include "core/error.h"
#include "core/host.h"

#include <cstdint>
#include <mutex>
#include <string>

namespace argo::loader {

enum class Verbosity : std::uint8_t {
  kQuiet,   // warnings and errors
  kNormal,  // progress and notices too
  kVerbose,
};

// Safe from several threads: no line is ever torn by another.
class Terminal {
 public:
  // Writes to a file descriptor; where that is a terminal, progress is a bar that is redrawn.
  Terminal(int file, Verbosity verbosity);

  void set_verbosity(Verbosity verbosity);

  // Says how far a run is: redraws the bar. Nothing where there is no terminal.
  void progress(const Progress& progress);

  // Says that a chunk is stored: a line where there is no terminal.
  void chunk(const std::string& text);

  void notice(const std::string& text);
  // Passes on what the database says, such as "NOTICE:  ...".
  void said(const std::string& line);
  void debug(const std::string& text);
  void warning(const std::string& message, const std::string& detail = {},
               const std::string& hint = {});
  void error(const Error& error);

  // Takes the bar away, for good; stdout follows.
  void end_progress();

 private:
  // Writes whole lines, above the bar if there is one. Needs the lock.
  void write_lines(const std::string& lines);

  std::mutex mutex_;
  int file_;
  bool can_redraw_;
  Verbosity verbosity_;
  std::string bar_;  // as it stands on the terminal
};

// Returns the bar with its text, in at most `width` characters.
std::string progress_line(const Progress& progress, std::size_t width);

// Returns how many characters a line of a terminal takes, or 0 where that is none.
std::size_t terminal_width(int file);

// Writes all of a text, such as a result on stdout. Returns false where nobody reads any more.
// Throws Failure where it cannot be taken.
bool write_result(int file, const std::string& text);

}  // namespace argo::loader

#endif  // ARGO_LOADER_TERMINAL_H_

// argo-loader: Argo for hosts where its extension cannot be installed.
#include "core/error.h"
#include "loader/commands.h"
#include "loader/context.h"
#include "loader/environment.h"
#include "loader/exit_code.h"
#include "loader/options.h"
#include "loader/output.h"
#include "loader/signals.h"
#include "loader/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

using argo::loader::CommandLine;
using argo::loader::Environment;
using argo::loader::ExitCode;
using argo::loader::Failure;
using argo::loader::Terminal;

constexpr int kSignalExit = 128;

// Takes the numbers 0 to 2 where they are closed, so that no connection gets one and is written to.
void hold_standard_files() {
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    // Opened the wrong way round, so that using them fails as before.
    if (fcntl(file, F_GETFD) == -1 && errno == EBADF)
      open("/dev/null", (file == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

// Warns of what others can read, and throws where the file could not be read at all.
void check_environment(const CommandLine& line, const Environment& environment,
                       Terminal& terminal) {
  // The doctor says so in its own way.
  if (line.command == argo::loader::Command::kDoctor || line.only_prints)
    return;
  if (environment.problem())
    throw Failure(*environment.problem());
  if (environment.is_file_exposed())
    terminal.warning(environment.file() + " can be read by others", "It holds secrets.",
                     "chmod 600 " + environment.file());
}

ExitCode run(int argc, char** argv, Terminal& terminal) {
  const auto line = argo::loader::read_command_line(argc, argv);
  if (!line)
    return ExitCode::kComplete;
  terminal.set_verbosity(line->verbosity);
  const Environment environment(line->env_file);
  check_environment(*line, environment, terminal);
  return argo::loader::run_command({*line, environment, terminal});
}

// Says what ended the program, and returns its exit code.
ExitCode report(const argo::Error& error, Terminal& terminal, bool is_json) {
  terminal.end_progress();
  terminal.error(error);
  try {
    if (is_json)
      argo::loader::write_result(STDOUT_FILENO, argo::loader::json_error(error));
  } catch (const Failure& failure) {
    terminal.error(failure);
  }
  return argo::loader::exit_code_of(error);
}

int run_to_the_end(int argc, char** argv, Terminal& terminal) {
  const bool is_json = argo::loader::asks_for_json(argc, argv);
  try {
    return static_cast<int>(run(argc, argv, terminal));
  } catch (const argo::Error& error) {
    return static_cast<int>(report(error, terminal, is_json));
  } catch (const argo::Cancelled&) {
    terminal.end_progress();
    terminal.warning("interrupted", "What was stored before stays.",
                     "the same command again goes on where it was");
    return kSignalExit + argo::loader::stop_signal();
  } catch (const std::exception& error) {
    return static_cast<int>(report(argo::Error("XX000", error.what()), terminal, is_json));
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_files();
  argo::loader::install_stop_signals();
  // write() says that nobody reads any more, and libpq that a connection broke.
  std::signal(SIGPIPE, SIG_IGN);
  Terminal terminal(STDERR_FILENO, argo::loader::Verbosity::kNormal);
  const int exit_code = run_to_the_end(argc, argv, terminal);
  std::cout.flush();
  // Not through destructors and exit(): a look-up in a DNS that is silent would be waited for.
  std::_Exit(exit_code);
}

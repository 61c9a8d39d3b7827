// How the loader ends: exit codes for schedulers to act on, and the error that carries one.
#ifndef ARGO_LOADER_EXIT_CODE_H_
#define ARGO_LOADER_EXIT_CODE_H_

#include "core/error.h"

#include <string>
#include <utility>

namespace argo::loader {

enum class ExitCode {
  kComplete = 0,
  kInternal = 1,
  kUsage = 2,
  kConfiguration = 3,
  kRefusedByApi = 4,
  kApiUnavailable = 5,
  kDatabaseUnreachable = 6,
  kDatabaseError = 7,
  kPartial = 8,
  kBreakerOpen = 9,
  kAnotherRun = 10,
};

// An error together with the exit code that it ends the program with.
class Failure : public Error {
 public:
  Failure(ExitCode exit_code, const char* sqlstate, std::string message, std::string detail = {},
          std::string hint = {})
      : Error(sqlstate, std::move(message), std::move(detail), std::move(hint)),
        exit_code_(exit_code) {}

  ExitCode exit_code() const noexcept { return exit_code_; }

 private:
  ExitCode exit_code_;
};

// Returns a Failure's own exit code, or that of an error of the core's, by its SQLSTATE.
ExitCode exit_code_of(const Error& error);

// Returns the exit code of an error that the database raised, by its SQLSTATE.
ExitCode exit_code_of_database(const std::string& sqlstate);

}  // namespace argo::loader

#endif  // ARGO_LOADER_EXIT_CODE_H_

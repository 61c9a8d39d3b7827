// Maps SQLSTATEs to the exit codes of the loader.
#include "loader/exit_code.h"

namespace argo::loader {

ExitCode exit_code_of(const Error& error) {
  if (const auto* failure = dynamic_cast<const Failure*>(&error))
    return failure->exit_code();
  const std::string& state = error.sqlstate();
  if (state == sqlstate::kInvalidParameter)
    return ExitCode::kUsage;
  if (state == sqlstate::kLoginRefused || state == sqlstate::kNotSetUp || state.starts_with("HV"))
    return ExitCode::kConfiguration;
  if (state == sqlstate::kNoRights || state == sqlstate::kSubscription ||
      state == sqlstate::kTooLarge)
    return ExitCode::kRefusedByApi;
  if (state.starts_with("08") || state.starts_with("ZA"))
    return ExitCode::kApiUnavailable;
  return ExitCode::kInternal;
}

ExitCode exit_code_of_database(const std::string& state) {
  if (state == sqlstate::kInvalidParameter)
    return ExitCode::kUsage;
  if (state == "ZA005")
    return ExitCode::kBreakerOpen;
  if (state == "55P03")
    return ExitCode::kAnotherRun;
  if (state.starts_with("28"))
    return ExitCode::kConfiguration;
  return ExitCode::kDatabaseError;
}

}  // namespace argo::loader

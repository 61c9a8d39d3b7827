// Exit codes by SQLSTATE.
#include "loader/exit_code.h"

#include <gtest/gtest.h>

namespace argo::loader {
namespace {

ExitCode of_core(const char* state) {
  return exit_code_of(Error(state, "message"));
}

TEST(ExitCode, OfErrorsOfTheCore) {
  EXPECT_EQ(of_core("22023"), ExitCode::kUsage);
  EXPECT_EQ(of_core("28000"), ExitCode::kConfiguration);
  EXPECT_EQ(of_core("HV00D"), ExitCode::kConfiguration);
  EXPECT_EQ(of_core("55000"), ExitCode::kConfiguration);
  EXPECT_EQ(of_core("42501"), ExitCode::kRefusedByApi);
  EXPECT_EQ(of_core("ZA003"), ExitCode::kRefusedByApi);
  EXPECT_EQ(of_core("54000"), ExitCode::kRefusedByApi);
  EXPECT_EQ(of_core("08001"), ExitCode::kApiUnavailable);
  EXPECT_EQ(of_core("ZA001"), ExitCode::kApiUnavailable);
  EXPECT_EQ(of_core("ZA002"), ExitCode::kApiUnavailable);
  EXPECT_EQ(of_core("ZA004"), ExitCode::kApiUnavailable);
  EXPECT_EQ(of_core("XX000"), ExitCode::kInternal);
}

TEST(ExitCode, OfAFailureIsItsOwn) {
  const Failure failure(ExitCode::kPartial, "22023", "message");
  EXPECT_EQ(exit_code_of(failure), ExitCode::kPartial);
}

TEST(ExitCode, OfErrorsOfTheDatabase) {
  EXPECT_EQ(exit_code_of_database("ZA005"), ExitCode::kBreakerOpen);
  EXPECT_EQ(exit_code_of_database("55P03"), ExitCode::kAnotherRun);
  EXPECT_EQ(exit_code_of_database("28P01"), ExitCode::kConfiguration);
  EXPECT_EQ(exit_code_of_database("22023"), ExitCode::kUsage);
  EXPECT_EQ(exit_code_of_database("42501"), ExitCode::kDatabaseError);
  EXPECT_EQ(exit_code_of_database("55000"), ExitCode::kDatabaseError);
}

}  // namespace
}  // namespace argo::loader

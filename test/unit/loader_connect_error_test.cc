// Why no connection came about: what is tried again, and what the user is told.
#include "loader/connect_error.h"

#include <gtest/gtest.h>

#include <string>

namespace argo::loader {
namespace {

ConnectError judge(const std::string& said) {
  return judge_connect_error("connection to server at \"db\" (10.0.0.1), port 5432 failed: " + said,
                             "db:5432");
}

TEST(ConnectError, AServerThatStartsIsTriedAgain) {
  const ConnectError error = judge(
      "FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartupPacket, "
      "x.c:1\n");
  EXPECT_TRUE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kDatabaseUnreachable);
  EXPECT_EQ(error.failure.sqlstate(), "57P03");
  EXPECT_EQ(error.failure.detail(),
            "connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  the database "
            "system is starting up");
}

TEST(ConnectError, NobodyThereIsTriedAgain) {
  const ConnectError error = judge("Connection refused\n\tIs the server running on that host?\n");
  EXPECT_TRUE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kDatabaseUnreachable);
  EXPECT_EQ(error.failure.sqlstate(), "08001");
}

TEST(ConnectError, AFullServerIsTriedAgain) {
  EXPECT_TRUE(judge("FATAL:  53300: sorry, too many clients already\n").may_pass);
}

TEST(ConnectError, ThePoolersServerThatIsGoneIsTriedAgain) {
  EXPECT_TRUE(judge("FATAL:  08P01: server login has been failed, try again later\n").may_pass);
}

TEST(ConnectError, ARefusedLoginIsFinal) {
  const ConnectError error =
      judge("FEHLER:  28P01: Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration);
  EXPECT_EQ(error.failure.message(), "the database refused the login");
  EXPECT_FALSE(judge("fe_sendauth: no password supplied\n").may_pass);
}

TEST(ConnectError, ALoginThatThePoolerRefusesIsFinal) {
  for (const char* said :
       {"FATAL:  08P01: SASL authentication failed\n", "FATAL:  08P01: no such user: x\n",
        "FATAL:  08P01: password authentication failed\n"}) {
    const ConnectError error = judge(said);
    EXPECT_FALSE(error.may_pass) << said;
    EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration) << said;
    EXPECT_EQ(error.failure.sqlstate(), "28P01") << said;
  }
}

TEST(ConnectError, AnUnknownDatabaseIsFinal) {
  const ConnectError error = judge("FATAL:  3D000: database \"x\" does not exist\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration);
}

TEST(ConnectError, ChannelBindingNamesTheHop) {
  const ConnectError error = judge(
      "channel binding is required, but server did not offer an authentication method that "
      "supports channel binding\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration);
  EXPECT_NE(error.failure.detail().find("db:5432 offers no SCRAM-SHA-256-PLUS"), std::string::npos);
}

TEST(ConnectError, AnOptionThatAPoolerRefusesIsFinal) {
  const ConnectError error = judge("FATAL:  08P01: unsupported startup parameter: options\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration);
  EXPECT_NE(error.failure.detail().find("unsupported startup parameter: options"),
            std::string::npos);
}

TEST(ConnectError, AWrongCertificateIsFinal) {
  const ConnectError error = judge("SSL error: certificate verify failed\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kConfiguration);
}

TEST(ConnectError, WordsTooShortForAStateMayPass) {
  const ConnectError error = judge("FATAL:  busy\n");
  EXPECT_TRUE(error.may_pass);
  EXPECT_EQ(error.failure.exit_code(), ExitCode::kDatabaseUnreachable);
}

TEST(ConnectError, TheLastStateCounts) {
  const ConnectError error = judge(
      "Connection refused\nconnection to server at \"db\" (10.0.0.2), port 5432 failed: FATAL:  "
      "28000: no pg_hba.conf entry\n");
  EXPECT_FALSE(error.may_pass);
  EXPECT_EQ(error.failure.sqlstate(), "28000");
}

}  // namespace
}  // namespace argo::loader

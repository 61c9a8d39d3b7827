// Tests of the login: who may send it, what a refusal means, and that its parts stay unseen.
#include "core/session.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::kApiKey;
using testing::kEmail;
using testing::kPassword;

using Headers = std::vector<std::string>;

HttpResponse with_token(const std::string& token) {
  HttpResponse response;
  response.status = 200;
  if (!token.empty())
    response.headers["x-eniscope-token"] = token;
  return response;
}

class SessionTest : public ::testing::Test {
 protected:
  // Logs in; returns the headers that go with the token.
  Headers log_in(const std::string& token) {
    session_.accepted(session_.headers(), with_token(token));
    return session_.headers();
  }

  const std::string basic_ = base64(std::string(kEmail) + ":" + md5_hex(kPassword));
  Session session_{testing::settings_for("https://x")};
};

TEST_F(SessionTest, BeginsWithALogin) {
  EXPECT_TRUE(session_.needs_login());
  EXPECT_EQ(session_.headers(), (Headers{"Accept: text/json", "X-Eniscope-API: key-4f1d9a77",
                                         "Authorization: Basic " + basic_}));
}

TEST_F(SessionTest, GoesOnWithTheToken) {
  EXPECT_EQ(log_in("t1"),
            (Headers{"Accept: text/json", "X-Eniscope-API: key-4f1d9a77", "X-Eniscope-Token: t1"}));
  EXPECT_FALSE(session_.needs_login());
}

TEST_F(SessionTest, StaysWithBasicWhereNoTokenComes) {
  const Headers headers = log_in("");
  EXPECT_FALSE(session_.needs_login());
  EXPECT_EQ(headers.back(), "Authorization: Basic " + basic_);
  session_.accepted(headers, with_token(""));
  EXPECT_FALSE(session_.refused(headers));
}

TEST_F(SessionTest, TakesARefusedLoginAsFinal) {
  EXPECT_FALSE(session_.refused(session_.headers()));
}

TEST_F(SessionTest, TakesATokenRefusedRightAfterTheLoginAsFinal) {
  EXPECT_FALSE(session_.refused(log_in("t1")));
}

TEST_F(SessionTest, LogsInAgainOnceAfterATokenThatWorked) {
  const Headers old_one = log_in("t1");
  session_.accepted(old_one, with_token(""));
  EXPECT_TRUE(session_.refused(old_one));
  EXPECT_TRUE(session_.needs_login());
  EXPECT_EQ(session_.headers().back(), "Authorization: Basic " + basic_);
  EXPECT_FALSE(session_.refused(session_.headers()));
}

TEST_F(SessionTest, LetsAllRequestsInFlightOutliveAnExpiry) {
  const Headers old_one = log_in("t1");
  session_.accepted(old_one, with_token(""));
  EXPECT_TRUE(session_.refused(old_one));
  EXPECT_TRUE(session_.refused(old_one));
  // An answer that was under way does not count for the token to come.
  session_.accepted(old_one, with_token(""));
  EXPECT_TRUE(session_.needs_login());
  const Headers new_one = log_in("t2");
  EXPECT_TRUE(session_.refused(old_one));
  EXPECT_FALSE(session_.needs_login());
  EXPECT_FALSE(session_.refused(new_one));
}

TEST_F(SessionTest, RedactsEveryPart) {
  log_in("token-1");
  const std::string all = std::string(kApiKey) + "," + md5_hex(kPassword) + "," + basic_ +
                          ",token-1,token-1;" + kApiKey + ";" + kEmail;
  EXPECT_EQ(session_.redact(all), "***,***,***,***,***;***;***");
  EXPECT_EQ(session_.redact("nothing here"), "nothing here");
}

TEST(SessionRedact, LeavesNoRestOfALongerSecret) {
  const Session session(
      make_settings({}, {{"api_key", "abc"}, {"email", "abc@X.com"}, {"password", "p"}}));
  EXPECT_EQ(session.redact("abc@X.com, abc"), "***, ***");
}

TEST(SessionRedact, FindsLowerAndUpperCase) {
  const Session session(
      make_settings({}, {{"api_key", "Key"}, {"email", "Me@x.com"}, {"password", "p"}}));
  EXPECT_EQ(session.redact("no user me@X.com, KEY"), "no user ***, ***");
}

TEST(SessionRedact, EndsForAnySecret) {
  for (const char* key : {"*", "**", "***", "****", "a"}) {
    const Session session(make_settings({}, {{"api_key", key}, {"email", "e"}, {"password", "p"}}));
    EXPECT_EQ(session.redact("x"), "x");
    EXPECT_EQ(session.redact(key), "***");
  }
}

}  // namespace
}  // namespace argo

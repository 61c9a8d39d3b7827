// The loader's configuration: files .env as people write them, which variable wins, what an error
// may say.
#include "loader/environment.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <string>

namespace argo::loader {
namespace {

std::string value_of(const std::string& text) {
  return parse_env_file(text, ".env").at("X");
}

std::string failure_of(const std::string& text) {
  try {
    parse_env_file(text, "some.env");
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit_code(), ExitCode::kConfiguration);
    return failure.message() + " | " + failure.detail() + " | " + failure.hint();
  }
  return "no failure";
}

TEST(EnvFile, TakesWhatPeopleWrite) {
  EXPECT_EQ(value_of("X=plain"), "plain");
  EXPECT_EQ(value_of("  X = padded  \r\n"), "padded");
  EXPECT_EQ(value_of("export X=exported"), "exported");
  EXPECT_EQ(value_of("export\tX='quoted'"), "quoted");
  EXPECT_EQ(value_of("export=1\nX=2"), "2");
  EXPECT_EQ(value_of("X="), "");
  EXPECT_EQ(value_of("X=''"), "");
  EXPECT_EQ(value_of("X=first\nX=last"), "last");
  EXPECT_EQ(value_of("\xEF\xBB\xBF# a comment\n\n   \nX=after"), "after");
  EXPECT_EQ(value_of("X=no newline at the end"), "no newline at the end");
}

TEST(EnvFile, KeepsWhatPasswordsHold) {
  EXPECT_EQ(value_of("X=a#b"), "a#b");
  EXPECT_EQ(value_of("X=a b # comment"), "a b");
  EXPECT_EQ(value_of("X=a\t#comment"), "a");
  EXPECT_EQ(value_of("X=#comment"), "");
  EXPECT_EQ(value_of("X=a'b\"c"), "a'b\"c");
  EXPECT_EQ(value_of("X=$HOME\\n=&?"), "$HOME\\n=&?");
  EXPECT_EQ(value_of("X='$a \"b\" \\ # c'"), "$a \"b\" \\ # c");
  EXPECT_EQ(value_of(R"(X="a \"b\" \\ \$c \` \n # d"  # comment)"), R"(a "b" \ $c ` \n # d)");
  EXPECT_EQ(value_of("X=p\xC3\xA4ss"), "p\xC3\xA4ss");
}

TEST(EnvFile, NamesTheLineOfAnErrorAndNotItsContent) {
  for (const std::string bad :
       {"sesame", "se-same=1", "1X=sesame", "X='sesame", "X=\"sesame\\\"", "X='sesame'more",
        "=sesame", "export", "X sesame", "export =sesame"}) {
    const std::string said = failure_of("A=1\n" + bad + "\nB=2");
    EXPECT_NE(said.find("line 2 of some.env cannot be read"), std::string::npos) << bad << said;
    EXPECT_EQ(said.find("same"), std::string::npos) << said;
  }
}

TEST(Environment, WinsOverTheFileAndOverTheOlderNames) {
  const Environment environment({{"A", "process"},
                                 {"EMPTY", ""},
                                 {"VITE_ENISCOPE_EMAIL", "older@process"},
                                 {"ENISCOPE_API_KEY", "new"},
                                 {"VITE_ENISCOPE_API_KEY", "older"},
                                 {"VITE_A", "not read"}},
                                {{"A", "file"},
                                 {"EMPTY", "from file"},
                                 {"ENISCOPE_EMAIL", "new@file"},
                                 {"VITE_ENISCOPE_PASSWORD", "older in file"},
                                 {"VITE_B", "not read"}},
                                ".env");
  EXPECT_EQ(environment.find("A")->value, "process");
  EXPECT_EQ(environment.find("A")->source, "environment");
  EXPECT_EQ(environment.find("EMPTY")->value, "from file");
  EXPECT_EQ(environment.find("EMPTY")->source, ".env");
  EXPECT_EQ(environment.find("ENISCOPE_EMAIL")->value, "older@process");
  EXPECT_EQ(environment.find("ENISCOPE_API_KEY")->value, "new");
  EXPECT_EQ(environment.find("ENISCOPE_PASSWORD")->name, "VITE_ENISCOPE_PASSWORD");
  EXPECT_FALSE(environment.find("B"));
}

Variables login() {
  return {{"ENISCOPE_API_KEY", "key"}, {"ENISCOPE_EMAIL", "e@x"}, {"ENISCOPE_PASSWORD", "sesame"}};
}

TEST(ApiSettings, ComeFromTheEnvironment) {
  Variables variables = login();
  variables["ENISCOPE_API_URL"] = "http://127.0.0.1:8080/";
  const Settings settings =
      api_settings(Environment(variables, {}, ""), {{"max_concurrency", "3"}});
  EXPECT_EQ(settings.url, "http://127.0.0.1:8080");
  EXPECT_EQ(settings.api_key, "key");
  EXPECT_EQ(settings.email, "e@x");
  EXPECT_EQ(settings.password_md5, "c8dae1c50e092f3d877192fc555b1dcf");  // of sesame
  EXPECT_EQ(settings.max_concurrency, 3);
  EXPECT_EQ(api_settings(Environment(login(), {}, ""), {}).url, "https://core.eniscope.com");
}

TEST(ApiSettings, TakeThePasswordThatWins) {
  const std::string digest(32, 'a');
  Variables file = login();
  const Environment environment({{"ENISCOPE_PASSWORD_MD5", digest}}, file, ".env");
  EXPECT_EQ(api_settings(environment, {}).password_md5, digest);
}

std::string api_failure(const Variables& variables) {
  try {
    api_settings(Environment(variables, {}, ""), {});
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit_code(), ExitCode::kConfiguration);
    return failure.message() + " | " + failure.detail() + " | " + failure.hint();
  }
  return "no failure";
}

TEST(ApiSettings, SayWhichVariableIsMissingOrWrong) {
  for (const std::string name : {"ENISCOPE_API_KEY", "ENISCOPE_EMAIL", "ENISCOPE_PASSWORD"}) {
    Variables variables = login();
    variables.erase(name);
    EXPECT_EQ(api_failure(variables).rfind(name + " is not set", 0), 0U) << api_failure(variables);
  }
  Variables variables = login();
  variables["ENISCOPE_API_URL"] = "http://core.example.com";
  EXPECT_EQ(api_failure(variables).rfind("ENISCOPE_API_URL must use https", 0), 0U);
  variables["ENISCOPE_API_URL"] = "https://user:sesame@core.example.com";
  EXPECT_EQ(api_failure(variables).rfind("ENISCOPE_API_URL must not hold credentials", 0), 0U);
  EXPECT_EQ(api_failure(variables).find("sesame"), std::string::npos);
  EXPECT_EQ(api_failure(variables).find("user mapping"), std::string::npos);
  variables = login();
  variables["ENISCOPE_PASSWORD_MD5"] = std::string(32, 'a');
  EXPECT_EQ(api_failure(variables).rfind(
                "ENISCOPE_PASSWORD and ENISCOPE_PASSWORD_MD5 exclude each other", 0),
            0U)
      << api_failure(variables);
  variables.erase("ENISCOPE_PASSWORD");
  variables["ENISCOPE_PASSWORD_MD5"] = "sesame";
  EXPECT_EQ(api_failure(variables).rfind("ENISCOPE_PASSWORD_MD5 is not an MD5", 0), 0U);
  EXPECT_EQ(api_failure(variables).find("sesame"), std::string::npos);
  variables = login();
  variables["ENISCOPE_EMAIL"] = "a:sesame";
  EXPECT_EQ(api_failure(variables).rfind("invalid value for ENISCOPE_EMAIL", 0), 0U);
  EXPECT_EQ(api_failure(variables).find("sesame"), std::string::npos);
}

}  // namespace
}  // namespace argo::loader

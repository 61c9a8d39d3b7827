// Tests of the options of a connection: which are taken, and how the others are refused.
#include "core/settings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/digest.h"
#include "fake_host.h"

namespace argo {
namespace {

using testing::all_texts;
using testing::error_of;

const Options good_mapping = {{"api_key", "k"}, {"email", "e@x"}, {"password", "p"}};

Error server_error(const Options& options) {
  return error_of([&] { check_server_options(options); });
}

Error mapping_error(const Options& options) {
  return error_of([&] { check_mapping_options(options); });
}

// Returns a server's options with this one beside a good url.
Options with(const std::string& name, const std::string& value) {
  return {{"url", "https://core.eniscope.com"}, {name, value}};
}

TEST(ServerOptions, TakesEveryOption) {
  const Options options = {{"url", "https://core.eniscope.com/"},
                           {"ca_file", "/etc/ca.pem"},
                           {"max_concurrency", "32"},
                           {"requests_per_second", "2.5"},
                           {"connect_timeout_ms", "1"},
                           {"timeout_ms", "3600000"}};
  EXPECT_EQ(server_error(options).sqlstate(), "00000");
  const Settings settings = make_settings(options, good_mapping);
  EXPECT_EQ(settings.url, "https://core.eniscope.com");
  EXPECT_EQ(settings.ca_file, "/etc/ca.pem");
  EXPECT_EQ(settings.max_concurrency, 32);
  EXPECT_EQ(settings.requests_per_second, 2.5);
  EXPECT_EQ(settings.connect_timeout_ms, 1);
  EXPECT_EQ(settings.timeout_ms, 3600000);
}

TEST(ServerOptions, HasDefaults) {
  const Settings settings = make_settings({{"url", "https://x"}}, good_mapping);
  EXPECT_EQ(settings.max_concurrency, 6);
  EXPECT_EQ(settings.requests_per_second, 0);
  EXPECT_EQ(settings.connect_timeout_ms, 10000);
  EXPECT_EQ(settings.timeout_ms, 60000);
}

TEST(ServerOptions, RefusesUnknownOnesAndListsTheOthers) {
  const Error error = server_error(with("uri", "x"));
  EXPECT_EQ(error.sqlstate(), "HV00D");
  EXPECT_NE(error.hint().find("max_concurrency"), std::string::npos);
}

TEST(ServerOptions, NeedsAUrl) {
  EXPECT_EQ(server_error({}).sqlstate(), "HV00J");
  EXPECT_EQ(server_error({{"timeout_ms", "1"}}).sqlstate(), "HV00J");
}

TEST(ServerOptions, RefusesSecretsWithoutRepeatingThem) {
  for (const char* name : {"api_key", "email", "password", "password_md5"}) {
    const Error error = server_error(with(name, "planted-secret"));
    EXPECT_EQ(error.sqlstate(), "HV00D");
    EXPECT_NE(error.hint().find("USER MAPPING"), std::string::npos);
    EXPECT_EQ(all_texts(error).find("planted-secret"), std::string::npos);
  }
}

TEST(ServerOptions, RefusesNumbersOutOfRange) {
  const Options bad = {{"max_concurrency", "0"},
                       {"max_concurrency", "33"},
                       {"max_concurrency", "-1"},
                       {"max_concurrency", "6 "},
                       {"max_concurrency", "6.5"},
                       {"max_concurrency", ""},
                       {"max_concurrency", "99999999999999999999"},
                       {"max_concurrency", "six"},
                       {"requests_per_second", "-0.1"},
                       {"requests_per_second", "nan"},
                       {"requests_per_second", "inf"},
                       {"requests_per_second", "1001"},
                       {"connect_timeout_ms", "0"},
                       {"connect_timeout_ms", "300001"},
                       {"run_timeout_ms", "0"},
                       {"timeout_ms", "0"},
                       {"timeout_ms", "3600001"},
                       {"timeout_ms", "1e3"}};
  for (const auto& [name, value] : bad) {
    const Error error = server_error(with(name, value));
    EXPECT_EQ(error.sqlstate(), "HV024") << name << "=" << value;
    EXPECT_NE(error.message().find(name), std::string::npos);
    EXPECT_NE(error.hint().find("from "), std::string::npos);
  }
}

TEST(ServerUrl, TakesHttpsAndHttpToThisMachine) {
  for (const char* url :
       {"https://core.eniscope.com", "https://core.eniscope.com:8443/api/", "https://10.0.0.1",
        "http://127.0.0.1:8080", "http://127.1.2.3", "http://localhost:1", "http://[::1]:8080",
        "http://127.1", "HTTP://127.0.0.1"})
    EXPECT_EQ(server_error({{"url", url}}).sqlstate(), "00000") << url;
}

TEST(ServerUrl, RefusesHttpToAnyOtherHost) {
  for (const char* url :
       {"http://core.eniscope.com", "http://127.evil.example", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "http://127.0.0.1%2eevil.example", "http://10.0.0.1",
        "http://0.0.0.0", "http://[::2]", "http://[::ffff:10.0.0.1]", "http://128.0.0.1",
        "http://localhost.", "http://127.999.1.1", "http://127.1.1.1.1", "http://127..1",
        "http://127.0.0.1."}) {
    const Error error = server_error({{"url", url}});
    EXPECT_EQ(error.sqlstate(), "HV024") << url;
    EXPECT_EQ(error.message(), "option \"url\" must use https") << url;
  }
}

TEST(ServerUrl, RefusesCredentialsWithoutRepeatingThem) {
  for (const char* url :
       {"https://me:planted@core.eniscope.com", "https://planted@core.eniscope.com",
        "http://127.0.0.1@planted.example", "http://127.0.0.1\\@planted.example",
        "http://planted:@127.0.0.1", "http://@127.0.0.1"}) {
    const Error error = server_error({{"url", url}});
    EXPECT_EQ(error.sqlstate(), "HV024") << url;
    EXPECT_NE(error.message().find("credentials"), std::string::npos) << url;
    EXPECT_EQ(all_texts(error).find("planted"), std::string::npos) << url;
  }
}

TEST(ServerUrl, RefusesWhatIsNoBaseUrl) {
  for (const char* url :
       {"", "core.eniscope.com", "https://", "https://core.eniscope.com?key=planted",
        "https://core.eniscope.com#planted", "https://core.eniscope.com#",
        "https://core.eniscope.com?", "file:///etc/passwd", "ftp://127.0.0.1",
        "https://core.eniscope.com /x", "https://core.eniscope.com\r\nX-Planted: 1",
        "https://core.eniscope.com:99999", "javascript:planted"}) {
    const Error error = server_error({{"url", url}});
    EXPECT_EQ(error.sqlstate(), "HV024") << url;
    EXPECT_FALSE(error.hint().empty());
    EXPECT_EQ(all_texts(error).find("lanted"), std::string::npos) << url;
  }
}

TEST(MappingOptions, TakesAPasswordOrItsMd5) {
  EXPECT_EQ(mapping_error(good_mapping).sqlstate(), "00000");
  const Options hashed = {{"api_key", "k"}, {"email", "e@x"}, {"password_md5", md5_hex("p")}};
  EXPECT_EQ(mapping_error(hashed).sqlstate(), "00000");
  EXPECT_EQ(make_settings({}, good_mapping).password_md5, make_settings({}, hashed).password_md5);
}

TEST(MappingOptions, NeedsAllThree) {
  for (const std::string left_out : {"api_key", "email", "password"}) {
    Options options = good_mapping;
    options.erase(std::remove_if(options.begin(), options.end(),
                                 [&](const auto& option) { return option.first == left_out; }),
                  options.end());
    const Error error = mapping_error(options);
    EXPECT_EQ(error.sqlstate(), "HV00J");
    EXPECT_NE(error.message().find(left_out), std::string::npos);
  }
}

TEST(MappingOptions, RefusesOthersWithoutRepeatingAnyValue) {
  const std::vector<Options> bad = {
      {{"api_key", "planted"},
       {"email", "planted"},
       {"password", "planted"},
       {"apikey", "planted"}},
      {{"api_key", "planted"}, {"email", "planted"}, {"password", "planted"}, {"url", "planted"}},
      {{"api_key", "planted"}, {"email", "planted"}},
      {{"api_key", ""}, {"email", "planted"}, {"password", "planted"}},
      {{"api_key", "planted\r\nX: y"}, {"email", "planted"}, {"password", "planted"}},
      {{"api_key", "planted"},
       {"email", "planted"},
       {"password", "pl"},
       {"password_md5", "planted"}},
      {{"api_key", "planted"}, {"email", "planted"}, {"password_md5", "planted"}},
      {{"api_key", "k"}, {"email", "e"}, {"password_md5", "PLANTED0PLANTED0PLANTED0PLANTED0"}},
  };
  for (const Options& options : bad) {
    const Error error = mapping_error(options);
    EXPECT_EQ(error.sqlstate().substr(0, 2), "HV") << error.message();
    EXPECT_EQ(all_texts(error).find("lanted"), std::string::npos) << all_texts(error);
    EXPECT_EQ(all_texts(error).find("PLANTED"), std::string::npos) << all_texts(error);
  }
}

TEST(MappingOptions, RefusesAnEmailThatBasicCannotCarry) {
  const Error error = mapping_error({{"api_key", "k"}, {"email", "a:b@x"}, {"password", "p"}});
  EXPECT_EQ(error.sqlstate(), "HV024");
}

}  // namespace
}  // namespace argo

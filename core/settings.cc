// The options of a connection to the API, the same for the extension's server and mapping and for
// the loader's environment.
#include "settings.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "digest.h"
#include "error.h"
#include "text.h"

namespace argo {

namespace {

constexpr std::array<std::string_view, 10> kServerOptions = {
    "url",        "ca_file",        "max_concurrency", "requests_per_second", "connect_timeout_ms",
    "timeout_ms", "run_timeout_ms", "max_power_kw",    "min_voltage_v",       "max_voltage_v"};
constexpr std::array<std::string_view, 4> kMappingOptions = {"api_key", "email", "password",
                                                             "password_md5"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <std::size_t N>
std::string join(const std::array<std::string_view, N>& names) {
  std::string out;
  for (const std::string_view name : names)
    out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

const std::string* find(const Options& options, std::string_view name) {
  for (const auto& [key, value] : options)
    if (key == name)
      return &value;
  return nullptr;
}

// Parses a number and throws unless it lies in [min, max].
template <typename Number>
Number number_option(const std::string& name, const std::string& text, Number min, Number max) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || !(value >= min && value <= max)) {
    const auto shown = [](Number number) { return std::to_string(static_cast<long long>(number)); };
    throw Error(sqlstate::kOptionValue,
                "invalid value for option \"" + name + "\": \"" + printable(text, 40) + "\"", {},
                "Give a number from " + shown(min) + " to " + shown(max) + ".");
  }
  return value;
}

using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::optional<std::string> url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
    return std::nullopt;
  std::string value = text;
  curl_free(text);
  return value;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]")
    return true;
  // Only an address: 127.evil.example and 127.999.1.1 are names like any other.
  in_addr address{};
  return host.substr(0, 4) == "127." && inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// Throws unless the URL is https, or http to this machine, and carries nothing but a host and path.
void check_url(const std::string& text) {
  constexpr const char* kExample = "Give a URL such as 'https://core.eniscope.com'.";
  const CurlUrl url(curl_url(), &curl_url_cleanup);
  // libcurl does not show an empty fragment, which would swallow the paths put behind it.
  if (text.find_first_of(" \t\r\n#") != std::string::npos ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    throw Error(sqlstate::kOptionValue, "option \"url\" is not a URL", {}, kExample);
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD})
    if (url_part(url.get(), part))
      throw Error(sqlstate::kOptionValue, "option \"url\" must not hold credentials",
                  "A server's options can be read by every user of the database.",
                  "Put api_key, email and password into the user mapping.");
  // Nor, from 8.8 on, an empty query.
  if (text.find('?') != std::string::npos)
    throw Error(sqlstate::kOptionValue, "option \"url\" must not hold a query", {}, kExample);
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME).value_or("");
  const std::string host = url_part(url.get(), CURLUPART_HOST).value_or("");
  if (scheme == "https")
    return;
  if (scheme != "http")
    throw Error(sqlstate::kOptionValue, "option \"url\" must begin with https://", {}, kExample);
  // Later libcurls take away the dot behind an address, with which others look for a name.
  if (!is_loopback(host) || text.find("://" + host + ".") != std::string::npos)
    throw Error(sqlstate::kOptionValue, "option \"url\" must use https",
                "Over http the login would cross the network in clear; only a loopback address may "
                "be reached so.",
                "Write https:// instead of http://.");
}

void check_md5(const std::string& text) {
  if (text.size() != 32 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(sqlstate::kOptionValue, "option \"password_md5\" is not an MD5",
                "It takes 32 lower-case hex digits.",
                "Give the MD5 of the password, or the option password instead.");
}

[[noreturn]] void throw_missing(const std::string& what, const std::string& hint) {
  throw Error(sqlstate::kOptionMissing, "missing option \"" + what + "\"", {}, hint);
}

}  // namespace

void check_server_options(const Options& options) {
  for (const auto& [name, value] : options) {
    if (contains(kMappingOptions, name))
      throw Error(sqlstate::kOptionUnknown, "option \"" + name + "\" does not belong on a server",
                  "A server's options can be read by every user of the database.",
                  "Put it into the user mapping: CREATE USER MAPPING FOR CURRENT_USER SERVER ... "
                  "OPTIONS (api_key '...', email '...', password '...').");
    if (!contains(kServerOptions, name))
      throw Error(sqlstate::kOptionUnknown, "unknown server option \"" + printable(name) + "\"", {},
                  "Valid options are: " + join(kServerOptions) + ".");
  }
  const std::string* url = find(options, "url");
  if (url == nullptr)
    throw_missing("url", "Add OPTIONS (url 'https://core.eniscope.com').");
  check_url(*url);
  make_settings(options, {});
}

void check_mapping_options(const Options& options) {
  for (const auto& [name, value] : options) {
    if (!contains(kMappingOptions, name))
      throw Error(sqlstate::kOptionUnknown,
                  "unknown user mapping option \"" + printable(name) + "\"", {},
                  "Valid options are: " + join(kMappingOptions) + ".");
    // A line break or NUL would end the header that carries the value.
    if (value.empty() || value.find_first_of("\r\n") != std::string::npos)
      throw Error(sqlstate::kOptionValue, "invalid value for option \"" + name + "\"",
                  "The value is empty or holds a line break.");
  }
  for (const std::string name : {"api_key", "email"})
    if (find(options, name) == nullptr)
      throw_missing(name, "Add it to OPTIONS (api_key '...', email '...', password '...').");
  if (find(options, "email")->find(':') != std::string::npos)
    throw Error(sqlstate::kOptionValue, "invalid value for option \"email\"",
                "A colon would end it where it is sent with the password.");
  const std::string* password = find(options, "password");
  const std::string* password_md5 = find(options, "password_md5");
  if (password == nullptr && password_md5 == nullptr)
    throw_missing("password", "Add password '...' or password_md5 '...' to OPTIONS.");
  if (password != nullptr && password_md5 != nullptr)
    throw Error(sqlstate::kOptionValue,
                "options \"password\" and \"password_md5\" exclude each other", {},
                "Keep one of the two.");
  if (password_md5 != nullptr)
    check_md5(*password_md5);
}

Settings make_settings(const Options& server, const Options& mapping) {
  Settings settings;
  for (const auto& [name, value] : server) {
    if (name == "url") {
      settings.url = value;
      while (!settings.url.empty() && settings.url.back() == '/')
        settings.url.pop_back();
    } else if (name == "ca_file") {
      settings.ca_file = value;
    } else if (name == "max_concurrency") {
      settings.max_concurrency = number_option(name, value, 1, 32);
    } else if (name == "requests_per_second") {
      settings.requests_per_second = number_option(name, value, 0.0, 1000.0);
    } else if (name == "connect_timeout_ms") {
      settings.connect_timeout_ms = number_option(name, value, 1, 300000);
    } else if (name == "timeout_ms") {
      settings.timeout_ms = number_option(name, value, 1, 3600000);
    } else if (name == "run_timeout_ms") {
      settings.run_timeout_ms = number_option(name, value, 1, 604800000);
    } else if (name == "max_power_kw") {
      settings.max_power_kw = number_option(name, value, 0.0, 1e9);
    } else if (name == "min_voltage_v") {
      settings.min_voltage_v = number_option(name, value, 0.0, 1e6);
    } else if (name == "max_voltage_v") {
      settings.max_voltage_v = number_option(name, value, 0.0, 1e6);
    }
  }
  for (const auto& [name, value] : mapping) {
    if (name == "api_key")
      settings.api_key = value;
    else if (name == "email")
      settings.email = value;
    else if (name == "password")
      settings.password_md5 = md5_hex(value);
    else if (name == "password_md5")
      settings.password_md5 = value;
  }
  return settings;
}

std::string api_base(const Settings& settings) {
  const bool has_path = settings.url.find('/', settings.url.find("://") + 3) != std::string::npos;
  return has_path ? settings.url : settings.url + "/v1";
}

}  // namespace argo

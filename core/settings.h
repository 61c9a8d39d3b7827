// The options of a connection to the API, the same for the extension's server and mapping and for
// the loader's environment.
#ifndef ARGO_CORE_SETTINGS_H_
#define ARGO_CORE_SETTINGS_H_

#include "host_free.h"

#include <string>
#include <utility>
#include <vector>

namespace argo {

// Eniscope's own.
inline constexpr char kApiUrl[] = "https://core.eniscope.com";

struct Settings {
  // SERVER
  std::string url;      // without a trailing slash
  std::string ca_file;  // empty: the system's certificate authorities
  int max_concurrency = 6;
  double requests_per_second = 0;  // 0: bounded by max_concurrency alone
  int connect_timeout_ms = 10000;
  int timeout_ms = 60000;         // of one request, from first to last byte
  int run_timeout_ms = 21600000;  // of a run: what is not asked by then is given up
  double max_power_kw = 5000;     // beyond these a reading cannot be true
  double min_voltage_v = 50;
  double max_voltage_v = 600;
  // USER MAPPING
  std::string api_key;
  std::string email;
  std::string password_md5;  // 32 hex digits
};

using Options = std::vector<std::pair<std::string, std::string>>;

// Throws Error unless these are the options of a server: url given, no secret, values in range.
void check_server_options(const Options& options);

// Throws Error unless these are the options of a user mapping: api_key, email, and exactly one of
// password and password_md5.
void check_mapping_options(const Options& options);

// Returns the settings that checked options make, with defaults for the rest.
Settings make_settings(const Options& server, const Options& mapping);

// Returns the address that paths follow: version 1, unless the URL has a path of its own.
std::string api_base(const Settings& settings);

}  // namespace argo

#endif  // ARGO_CORE_SETTINGS_H_

// _argo_probe(): how far a request to the API gets, and the statement that mends what stops it.
#include "../core/probe.h"

#include "../core/error.h"

#include <string>
#include <vector>

#include "arguments.h"
#include "backend_host.h"
#include "boundary.h"
#include "connection.h"
#include "sql.h"

namespace argo::pg {

namespace {

// How the statements of a cure name things.
struct Names {
  std::string server;    // quoted
  std::string mapping;   // CURRENT_USER or PUBLIC
  std::string password;  // the option that is set
};

Names names_of(const std::string& server) {
  const Rows rows = query(
      "SELECT pg_catalog.quote_ident($1),"
      " CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE 'CURRENT_USER' END,"
      " CASE WHEN m.umoptions::text LIKE '%password_md5=%' THEN 'password_md5' ELSE 'password' END"
      " FROM pg_catalog.pg_user_mappings AS m"
      " WHERE m.srvname = $1 AND (m.umuser = 0 OR m.usename = current_user)"
      " ORDER BY m.umuser = 0 LIMIT 1",
      {server});
  if (rows.empty())
    return {"...", "CURRENT_USER", "password"};
  return {rows[0][0].value(), rows[0][1].value(), rows[0][2].value()};
}

// The part of a URL that names the host.
std::string host_of(const std::string& url) {
  const std::size_t from = url.find("://") + 3;
  return url.substr(from, url.find_first_of(":/", from) - from);
}

// Returns the command that shows what becomes of a request. Whoever made the server wrote its URL:
// a shell must take all of it for one word.
std::string curl_command(const std::string& url) {
  constexpr char kPlain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/.-_~%[]";
  if (url.find_first_not_of(kPlain) == std::string::npos)
    return "curl -v " + url;
  std::string word;
  for (const char character : url)
    word += character == '\'' ? "'\\''" : std::string(1, character);
  return "curl -v '" + word + "'";
}

// Returns what to type against a fault. What is no statement is a comment; "..." stands for what
// only the user knows.
std::string cure_of(ProbeFault fault, const Settings& settings, const Names& names) {
  const std::string options = "ALTER SERVER " + names.server + " OPTIONS (";
  const std::string login =
      "ALTER USER MAPPING FOR " + names.mapping + " SERVER " + names.server + " OPTIONS (";
  const std::string set_url =
      settings.url == kApiUrl ? "" : options + "SET url '" + std::string(kApiUrl) + "');\n";
  const std::string host = host_of(settings.url);
  switch (fault) {
    case ProbeFault::kUnknownHost:
      return set_url + "-- Where the url is right, have this machine resolve it: getent hosts " +
             host;
    case ProbeFault::kNoResolver:
      return "-- Mend the name servers of this machine: getent hosts " + host;
    case ProbeFault::kRefused:
    case ProbeFault::kNoConnection:
      return set_url + "-- Where the url is right, let this machine connect there: " +
             curl_command(settings.url);
    case ProbeFault::kCaFile:
      return options + "DROP ca_file);\n-- or SET ca_file to a PEM file that the server may read";
    case ProbeFault::kUntrusted:
      return options + (settings.ca_file.empty() ? "ADD" : "SET") +
             " ca_file '...');\n-- with the path of the authority's PEM file in place of ...";
    case ProbeFault::kExpired:
      return "-- Set this machine's clock, or have the operator of " + host +
             " renew the certificate.";
    case ProbeFault::kWrongName:
    case ProbeFault::kOldTls:
      return set_url +
             "-- Where the url is right, its operator must mend it: " + curl_command(settings.url);
    case ProbeFault::kTls:
      return "-- See what the other side does: " + curl_command(settings.url);
    case ProbeFault::kNoAnswer:
    case ProbeFault::kApiFails:
    case ProbeFault::kRateLimited:
      return "-- Wait, and ask again. What is missed meanwhile, a later sync brings.";
    case ProbeFault::kLoginRefused:
      return login + "SET api_key '...', SET email '...', SET " + names.password +
             " '...');\n-- with the login in place of ...";
    case ProbeFault::kNoRights:
      return login +
             "SET api_key '...');\n-- with a key in place of ..., or ask the account's owner for "
             "read access";
    case ProbeFault::kSubscription:
      return "-- Renew the subscription of the API.";
    case ProbeFault::kNotTheApi:
      return set_url.empty() ? "-- Wait, and ask again: " + curl_command(settings.url) : set_url;
    case ProbeFault::kClockSkew:
      return "-- Set this machine's clock, as its administrator: timedatectl set-ntp true";
    default:
      return "";
  }
}

void put_row(FunctionCallInfo fcinfo, const ProbeStep& step, const std::string& cure) {
  call([&] {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const auto to_datum = [](const std::string& text) {
      const char* server_text =
          pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8);
      return CStringGetTextDatum(server_text);
    };
    Datum values[] = {to_datum(step.name), CStringGetTextDatum(to_text(step.status)),
                      to_datum(step.detail), to_datum(cure)};
    bool nulls[lengthof(values)] = {};
    nulls[3] = cure.empty();
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  });
}

}  // namespace

}  // namespace argo::pg

ARGO_FUNCTION(argo_probe, Statement::kMayBeLogged) {
  using namespace argo::pg;
  const std::string server = required_text(fcinfo, 0, "server");
  const argo::Settings settings = connection_settings(server);
  call([=] { InitMaterializedSRF(fcinfo, 0); });
  open_spi();
  BackendHost host(schema_of_function(fcinfo), argo::OnConflict::kNothing, std::nullopt);
  const std::vector<argo::ProbeStep> steps = argo::probe(host, settings);
  const Names names = names_of(server);
  std::string last_cure;
  for (const argo::ProbeStep& step : steps) {
    if (step.fault != argo::ProbeFault::kNotReached)
      last_cure = cure_of(step.fault, settings, names);
    put_row(fcinfo, step, last_cure);
  }
  close_spi();
  PG_RETURN_NULL();
}

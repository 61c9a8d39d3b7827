// Connects by libpq, and keeps what libpq says free of the password.
#include "loader/connection.h"

#include "loader/exit_code.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

namespace argo::loader {
namespace {

constexpr char kHint[] =
    "set DATABASE_URL to postgresql://user:password@host/database, "
    "with @ : / ? # % in the password percent-encoded";

struct OptionsFree {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, OptionsFree>;

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == ','; });
}

// Says whether a value is what is left of a password that was not percent-encoded.
bool holds_password_piece(std::string_view keyword, std::string_view value) {
  if (keyword == "port") {
    return !all_digits(value);
  }
  return (keyword == "host" || keyword == "dbname") && value.find('@') != std::string_view::npos;
}

// Splits the connection string. What libpq says about a bad one quotes it, password and all.
Options parse(const std::string& url) {
  Options options(PQconninfoParse(url.c_str(), nullptr));
  bool plausible = options != nullptr;
  for (const PQconninfoOption* o = options.get(); plausible && o->keyword != nullptr; ++o) {
    plausible = o->val == nullptr || !holds_password_piece(o->keyword, o->val);
  }
  if (!plausible) {
    throw Failure(ExitCode::kConfiguration, sqlstate::kInvalidParameter,
                  "DATABASE_URL is not a connection string", "nothing was connected to", kHint);
  }
  return options;
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

}  // namespace

void Connection::Closer::operator()(pg_conn* connection) const noexcept {
  PQfinish(connection);
}

Connection::Connection(const std::string& url) {
  const Options options = parse(url);
  // Earlier entries are defaults that the URL may override.
  std::vector<const char*> keywords = {"application_name", "connect_timeout"};
  std::vector<const char*> values = {"argo-loader", "10"};
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    if (o->val != nullptr) {
      keywords.push_back(o->keyword);
      values.push_back(o->val);
    }
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 0));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw Failure(ExitCode::kDatabaseUnreachable, sqlstate::kUnreachable,
                  "could not connect to the database", trimmed(PQerrorMessage(connection_.get())),
                  "check DATABASE_URL, and that the server accepts connections from here");
  }
}

std::string Connection::describe() const {
  const auto or_unknown = [](const char* text) { return text == nullptr ? "unknown" : text; };
  std::string text = "PostgreSQL ";
  text += or_unknown(PQparameterStatus(connection_.get(), "server_version"));
  text += ", database ";
  text += or_unknown(PQdb(connection_.get()));
  text += ", user ";
  text += or_unknown(PQuser(connection_.get()));
  return text;
}

}  // namespace argo::loader

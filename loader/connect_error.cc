// Judges why no connection to the database came about: whether another try may help, and what to
// tell the user.
#include "loader/connect_error.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace argo::loader {

namespace {

constexpr std::size_t kStateLength = 5;

struct ServerText {
  std::string sqlstate;  // empty: no server said anything
  std::string text;      // of one line, without SQLSTATEs and places in the server's source
};

bool is_state(std::string_view text) {
  return text.size() == kStateLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'A' && c <= 'Z');
         });
}

// Takes "FATAL:  28P01: ..." apart; FATAL may be in the server's language.
ServerText take_apart(const std::string& verbose) {
  ServerText out;
  std::size_t at = 0;
  while (at < verbose.size()) {
    const std::size_t end = std::min(verbose.find('\n', at), verbose.size());
    std::string line = verbose.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with("LOCATION:"))
      continue;
    const std::size_t state = line.find(":  ");
    if (state != std::string::npos && line.size() >= state + 3 + kStateLength + 2 &&
        line.compare(state + 3 + kStateLength, 2, ": ") == 0 &&
        is_state(std::string_view(line).substr(state + 3, kStateLength))) {
      out.sqlstate = line.substr(state + 3, kStateLength);
      line.erase(state + 3, kStateLength + 2);
    }
    out.text += (out.text.empty() ? "" : "; ") + line;
  }
  constexpr std::size_t kMaxBytes = 1000;
  out.text = printable(out.text, kMaxBytes);
  return out;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

template <std::size_t N>
bool holds_any(const std::string& text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return holds(text, part); });
}

// What a login is refused with, by libpq's or a pooler's words.
constexpr std::array<std::string_view, 4> kLoginTexts = {
    "no password supplied",
    "password authentication failed",
    "SASL authentication failed",
    "no such user",
};

// What only another DATABASE_URL, or another file, can cure, by libpq's words.
constexpr std::array<std::string_view, 12> kConfigurationTexts = {
    "no password supplied",      "certificate",           "does not support SSL",
    "Name or service not known", "No address associated", "invalid ",
    "could not match ",          "not compiled in",       "authentication method",
    "definition of service",     "no pg_hba.conf entry",  "too long",
};

// States of a server that starts, stops, wakes or is full.
bool is_passing_state(const std::string& state) {
  return state == "57P01" || state == "57P02" || state == "57P03" || state == "53300" ||
         state.starts_with("08");
}

ConnectError configuration(const std::string& state, const char* message, const std::string& detail,
                           const char* hint) {
  return {false, Failure(ExitCode::kConfiguration, state.c_str(), message, detail, hint)};
}

}  // namespace

ConnectError judge_connect_error(const std::string& text, const std::string& server) {
  const ServerText said = take_apart(text);
  const std::string& state = said.sqlstate;
  if (holds(said.text, "channel binding"))
    return configuration(
        sqlstate::kUnreachable, "the database server offers no channel binding",
        server +
            " offers no SCRAM-SHA-256-PLUS, which channel_binding=require asks for; a "
            "connection pooler is a hop that does not. DATABASE_URL was not weakened. " +
            said.text,
        "use the direct host in DATABASE_URL (without the pooler), or take channel_binding=require "
        "out of it yourself");
  if (holds(said.text, "unsupported startup parameter"))
    return configuration(
        state.empty() ? std::string("08P01") : state, "the connection pooler refuses an option",
        server +
            " refuses a parameter that comes from DATABASE_URL or from PGOPTIONS; "
            "argo-loader sends none of its own. " +
            said.text,
        "take options=... out of DATABASE_URL and unset PGOPTIONS, or use the direct host");
  // A pooler says so with a SQLSTATE of the protocol.
  if (state.starts_with("28") || holds_any(said.text, kLoginTexts))
    return configuration(state.starts_with("28") ? state : std::string("28P01"),
                         "the database refused the login", said.text,
                         "check user and password in DATABASE_URL; @ : / ? # % in the password "
                         "must be percent-encoded");
  if (state == "3D000" || holds(said.text, "no such database"))
    return configuration("3D000", "the database does not exist", said.text,
                         "check the database name at the end of DATABASE_URL");
  const bool is_configuration =
      state.empty()
          ? holds_any(said.text, kConfigurationTexts)
          : state.starts_with("42") || state.starts_with("22") || holds(said.text, "no such user");
  if (is_configuration)
    return configuration(state.empty() ? std::string(sqlstate::kUnreachable) : state,
                         "could not connect to the database as DATABASE_URL says", said.text,
                         "check DATABASE_URL: host, port, sslmode and the files it names");
  return {state.empty() || is_passing_state(state),
          Failure(ExitCode::kDatabaseUnreachable,
                  state.empty() ? sqlstate::kUnreachable : state.c_str(),
                  "could not connect to the database", said.text,
                  "check DATABASE_URL, and that the server accepts connections from here")};
}

}  // namespace argo::loader

// What the environment and a file .env say: which database, which API, which login.
#include "loader/environment.h"

#include "core/error.h"
#include "core/text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace argo::loader {

namespace {

constexpr char kDefaultFile[] = ".env";
constexpr std::size_t kMaxFileBytes = 1 << 20;

// An option of core/settings, and the variable that gives it.
struct Binding {
  const char* option;
  const char* variable;
  bool is_of_server;
};
constexpr std::array<Binding, 5> kBindings = {{{"url", "ENISCOPE_API_URL", true},
                                               {"api_key", "ENISCOPE_API_KEY", false},
                                               {"email", "ENISCOPE_EMAIL", false},
                                               {"password", "ENISCOPE_PASSWORD", false},
                                               {"password_md5", "ENISCOPE_PASSWORD_MD5", false}}};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_name_character(char c, bool is_first) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '_' || (byte < 0x80 && std::isalpha(byte) != 0) ||
         (!is_first && byte < 0x80 && std::isdigit(byte) != 0);
}

// Reads one line of a file .env.
class LineParser {
 public:
  LineParser(std::string_view line, const std::string& file, int number)
      : rest_(line), file_(file), number_(number) {}

  // Puts what the line says into `variables`.
  void parse(Variables& variables) {
    skip_blanks();
    if (at_end())
      return;
    std::string name = take_name();
    if (name == "export" && !rest_.empty() && is_blank(rest_.front())) {
      skip_blanks();
      name = take_name();
    }
    skip_blanks();
    if (name.empty() || rest_.empty() || rest_.front() != '=')
      fail("it is not NAME=VALUE");
    rest_.remove_prefix(1);
    variables[name] = take_value();
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Failure(ExitCode::kConfiguration, sqlstate::kInvalidParameter,
                  "line " + std::to_string(number_) + " of " + file_ + " cannot be read",
                  std::string("In that line ") + what + ". Nothing was connected to.",
                  "write NAME=value, NAME='value' or # a comment");
  }

  // Says whether nothing but a comment is left.
  bool at_end() const { return rest_.empty() || rest_.front() == '#'; }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front()))
      rest_.remove_prefix(1);
  }

  std::string take_name() {
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length], length == 0))
      ++length;
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }

  std::string take_value() {
    const std::string_view before = rest_;
    skip_blanks();
    if (!rest_.empty() && (rest_.front() == '\'' || rest_.front() == '"'))
      return take_quoted();
    rest_ = before;
    return take_bare();
  }

  // Takes a value without quotes, which ends at a comment that follows a blank.
  std::string take_bare() {
    std::size_t length = 0;
    while (length < rest_.size() &&
           !(rest_[length] == '#' && (length == 0 || is_blank(rest_[length - 1]))))
      ++length;
    std::string_view value = rest_.substr(0, length);
    while (!value.empty() && is_blank(value.front()))
      value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back()))
      value.remove_suffix(1);
    return std::string(value);
  }

  // Takes a value in quotes. In double ones a backslash goes before \ " $ and `, as in a shell.
  std::string take_quoted() {
    const char quote = rest_.front();
    std::string value;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == quote) {
        rest_.remove_prefix(at + 1);
        const bool is_apart = rest_.empty() || is_blank(rest_.front());
        skip_blanks();
        if (!is_apart || !at_end())
          fail("something follows the closing quote");
        return value;
      }
      const bool is_escape = quote == '"' && rest_[at] == '\\' && at + 1 < rest_.size() &&
                             std::strchr("\\\"$`", rest_[at + 1]) != nullptr;
      if (is_escape)
        ++at;
      value += rest_[at];
    }
    fail("the closing quote is missing");
  }

  std::string_view rest_;
  const std::string& file_;
  int number_;
};

[[noreturn]] void throw_unreadable(const std::string& file, const std::string& reason) {
  throw Failure(ExitCode::kConfiguration, sqlstate::kNotSetUp, "could not read " + file,
                reason + ". Nothing was connected to.",
                "name another file with --env-file, or correct its rights: chmod 600 " + file);
}

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw_unreadable(file, std::strerror(errno));
  std::string text;
  std::array<char, 4096> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes)
      throw_unreadable(file, "It is larger than 1 MB");
  }
  if (in.bad())
    throw_unreadable(file, "It is no file that can be read");
  return text;
}

Variables process_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::optional<Variable> find_in(const Variables& variables, const std::string& source,
                                const std::string& name) {
  for (const std::string& spelling : {name, "VITE_" + name}) {
    if (spelling != name && name.rfind("ENISCOPE_", 0) != 0)
      break;
    const auto found = variables.find(spelling);
    // What a CI system knows nothing of, it sets to nothing.
    if (found != variables.end() && !found->second.empty())
      return Variable{spelling, found->second, source};
  }
  return std::nullopt;
}

// Writes variables where core/settings speaks of options.
std::string in_variables(std::string text) {
  for (const Binding& binding : kBindings) {
    for (const std::string before : {"options ", "option ", "and "}) {
      const std::string option = before + '"' + binding.option + '"';
      const std::size_t at = text.find(option);
      if (at != std::string::npos)
        text.replace(at, option.size(), (before == "and " ? before : "") + binding.variable);
    }
  }
  return text;
}

bool is_of_login(const std::string& message) {
  for (const Binding& binding : kBindings)
    if (!binding.is_of_server && message.find(binding.variable) != std::string::npos)
      return true;
  return false;
}

// Throws unless all that a login needs is there.
void require_login(const Environment& environment) {
  for (const std::string name : {"ENISCOPE_API_KEY", "ENISCOPE_EMAIL"})
    if (!environment.find(name))
      throw Failure(ExitCode::kConfiguration, sqlstate::kOptionMissing, name + " is not set",
                    "The API asks for it. Nothing was asked for or stored.",
                    "put a line " + name + "=... into .env, or export it");
  if (!environment.find("ENISCOPE_PASSWORD") && !environment.find("ENISCOPE_PASSWORD_MD5"))
    throw Failure(ExitCode::kConfiguration, sqlstate::kOptionMissing,
                  "ENISCOPE_PASSWORD is not set",
                  "The API asks for it. Nothing was asked for or stored.",
                  "put a line ENISCOPE_PASSWORD='...' into .env, or ENISCOPE_PASSWORD_MD5=...");
}

// Of the password and its MD5, the one in the environment wins over the one in the file.
bool is_hidden(const Environment& environment, const std::string& name, const Variable& variable) {
  const bool is_password = name == "ENISCOPE_PASSWORD";
  if ((!is_password && name != "ENISCOPE_PASSWORD_MD5") || variable.source == "environment")
    return false;
  const auto other = environment.find(is_password ? "ENISCOPE_PASSWORD_MD5" : "ENISCOPE_PASSWORD");
  return other && other->source == "environment";
}

}  // namespace

Variables parse_env_file(std::string_view text, const std::string& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  Variables variables;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    LineParser(line, file, number).parse(variables);
  }
  return variables;
}

Environment::Environment(const std::string& file) : process_(process_variables()) {
  const std::string path = file.empty() ? kDefaultFile : file;
  struct stat status {};
  try {
    if (stat(path.c_str(), &status) != 0) {
      if (file.empty() && (errno == ENOENT || errno == ENOTDIR))
        return;
      throw_unreadable(printable(path), std::strerror(errno));
    }
    file_ = path;
    is_file_exposed_ = S_ISREG(status.st_mode) && (status.st_mode & 077U) != 0;
    from_file_ = parse_env_file(read_file(path), printable(path));
  } catch (const Failure& failure) {
    problem_ = failure;
  }
}

std::optional<Variable> Environment::find(const std::string& name) const {
  if (auto variable = find_in(process_, "environment", name))
    return variable;
  return find_in(from_file_, file_, name);
}

std::string Environment::database_url() const {
  const auto url = find("DATABASE_URL");
  if (!url)
    throw Failure(ExitCode::kConfiguration, sqlstate::kNotSetUp, "DATABASE_URL is not set",
                  "It says which database to connect to. Nothing was connected to.",
                  "export DATABASE_URL=postgresql://user:password@host/database, or put that line "
                  "into .env");
  return url->value;
}

Settings api_settings(const Environment& environment, const Options& options) {
  require_login(environment);
  Options server = options;
  Options mapping;
  for (const Binding& binding : kBindings) {
    const auto variable = environment.find(binding.variable);
    if (variable && !is_hidden(environment, binding.variable, *variable))
      (binding.is_of_server ? server : mapping).emplace_back(binding.option, variable->value);
    else if (std::strcmp(binding.option, "url") == 0)
      server.emplace_back(binding.option, kApiUrl);
  }
  try {
    check_server_options(server);
    check_mapping_options(mapping);
  } catch (const Error& error) {
    const std::string message = in_variables(error.message());
    if (message.find("credentials") != std::string::npos)
      throw Failure(ExitCode::kConfiguration, error.sqlstate().c_str(), message,
                    "They would be shown with it. Nothing was asked for or stored.",
                    "put them into ENISCOPE_EMAIL and ENISCOPE_PASSWORD");
    throw Failure(
        ExitCode::kConfiguration, error.sqlstate().c_str(), message, error.detail(),
        is_of_login(message) ? "correct it in .env, or in the environment" : error.hint());
  }
  return make_settings(server, mapping);
}

Failure with_variables(const Error& error) {
  std::string hint = error.hint();
  if (hint.find("USER MAPPING") != std::string::npos)
    hint =
        "correct ENISCOPE_API_KEY, ENISCOPE_EMAIL and ENISCOPE_PASSWORD in .env, or in the "
        "environment";
  else if (hint.find("server's options") != std::string::npos)
    hint =
        "check ENISCOPE_API_URL and --ca-file, and that this machine may connect there: "
        "argo-loader doctor";
  return {exit_code_of(error), error.sqlstate().c_str(), error.message(), error.detail(), hint};
}

}  // namespace argo::loader

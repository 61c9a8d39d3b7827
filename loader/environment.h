// What the environment and a file .env say: which database, which API, which login.
#ifndef ARGO_LOADER_ENVIRONMENT_H_
#define ARGO_LOADER_ENVIRONMENT_H_

#include "core/settings.h"
#include "loader/exit_code.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace argo::loader {

using Variables = std::map<std::string, std::string>;

// Reads the text of a file .env: NAME=VALUE, also behind "export ", comments, single and double
// quotes. Throws Failure that names `file` and the line, never what stands in it.
Variables parse_env_file(std::string_view text, const std::string& file);

// A variable, and where it was found.
struct Variable {
  std::string name;    // as it was set, such as VITE_ENISCOPE_EMAIL
  std::string value;   // never empty
  std::string source;  // "environment", or the file
};

class Environment {
 public:
  // Reads the process's environment, and `file`; an empty name stands for .env where there is one.
  explicit Environment(const std::string& file);

  // For tests: these variables instead of the process's.
  Environment(Variables process, Variables from_file, std::string file)
      : process_(std::move(process)), from_file_(std::move(from_file)), file_(std::move(file)) {}

  // Returns a variable that is set, and not empty. The environment wins over the file; in each,
  // ENISCOPE_X wins over VITE_ENISCOPE_X.
  std::optional<Variable> find(const std::string& name) const;

  // Returns the connection string of the database. Throws Failure where there is none.
  std::string database_url() const;

  // Returns the file that was read; empty where there is none.
  const std::string& file() const { return file_; }
  // Returns why the file could not be read, if so.
  const std::optional<Failure>& problem() const { return problem_; }
  // Says whether others than its owner may read the file.
  bool is_file_exposed() const { return is_file_exposed_; }

 private:
  Variables process_;
  Variables from_file_;
  std::string file_;
  bool is_file_exposed_ = false;
  std::optional<Failure> problem_;
};

// Returns the settings of the API: its address and login from the environment, the rest from
// `options`, which are named as core/settings names them. Throws Failure that says which variable
// is missing or wrong.
Settings api_settings(const Environment& environment, const Options& options);

// Returns an error of a run with a hint that names variables and flags, where the core's names a
// server and mapping.
Failure with_variables(const Error& error);

}  // namespace argo::loader

#endif  // ARGO_LOADER_ENVIRONMENT_H_

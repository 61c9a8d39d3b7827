// What options of the command line were given, and whether it can be meant.
#ifndef ARGO_LOADER_OPTION_VALUES_H_
#define ARGO_LOADER_OPTION_VALUES_H_

#include "core/ingest.h"
#include "core/settings.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace argo::loader {

inline constexpr char kNothingDone[] = "Nothing was connected to.";

// Options of commands by their names without dashes, as they were given.
using Given = std::map<std::string, std::string>;

// Throws Failure (usage) that shows the value, unless it could hold a secret.
[[noreturn]] void fail_value(const std::string& name, const std::string& value,
                             const std::string& wanted, const std::string& hint);

// Returns the values of options; those that were not given are empty, or the fallback. Throws
// Failure (usage) for others that cannot be meant.
class OptionValues {
 public:
  OptionValues(const Given& given, std::string hint) : given_(given), hint_(std::move(hint)) {}

  // Returns what was given, or nullptr.
  const std::string* find(const std::string& name) const;
  // Returns a whole number from `min` to `max`.
  int number(const std::string& name, int fallback, int min, int max) const;
  // Returns a time that exists.
  std::optional<UnixTime> instant(const std::string& name) const;
  // Returns a day of the calendar, as it was given.
  std::string date(const std::string& name) const;
  // Returns an id that the API could have.
  std::string site() const;
  OnConflict on_conflict() const;
  // Returns a name that SQL can hold.
  std::string schema() const;
  // Returns a view that can be exported.
  std::string view() const;
  // Returns a weekday and a time of day.
  std::string report_at() const;
  // Returns a text as it was given, which must not be empty.
  std::string text(const std::string& name, const std::string& wanted) const;
  // Returns names that had commas between them.
  std::vector<std::string> views() const;
  // Checks the API's options as a server's are in SQL.
  Options api_options(const std::vector<std::string>& names) const;

 private:
  const Given& given_;
  std::string hint_;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_OPTION_VALUES_H_

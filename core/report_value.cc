// Reads the report's JSON without trust: what is missing, null or of another type is simply not
// there.
#include "report_value.h"

#include <cmath>

namespace argo::report {

const Json& member(const Json& object, const char* key) {
  static const Json null_value;
  if (!object.is_object())
    return null_value;
  const auto found = object.find(key);
  return found == object.end() ? null_value : *found;
}

const Json& items(const Json& object, const char* key) {
  static const Json no_items = Json::array();
  const Json& value = member(object, key);
  return value.is_array() ? value : no_items;
}

std::optional<double> number(const Json& value) {
  if (!value.is_number())
    return std::nullopt;
  const auto found = value.get<double>();
  return std::isfinite(found) ? std::optional(found) : std::nullopt;
}

std::optional<double> number(const Json& object, const char* key) {
  return number(member(object, key));
}

std::optional<std::int64_t> count(const Json& object, const char* key) {
  constexpr double kMost = 1e15;
  const std::optional<double> found = number(object, key);
  if (!found || *found < 0 || *found > kMost)
    return std::nullopt;
  return static_cast<std::int64_t>(*found);
}

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string text(const Json& object, const char* key) {
  return text(member(object, key));
}

bool flag(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace argo::report

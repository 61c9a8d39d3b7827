// Reads the report's JSON without trust: what is missing, null or of another type is simply not
// there.
#ifndef ARGO_CORE_REPORT_VALUE_H_
#define ARGO_CORE_REPORT_VALUE_H_

#include "host_free.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace argo::report {

using Json = nlohmann::json;

// Returns the member of an object, or null.
const Json& member(const Json& object, const char* key);

// Returns the member of an object that is an array, or an empty one.
const Json& items(const Json& object, const char* key);

// Returns a finite number, or nothing.
std::optional<double> number(const Json& value);
std::optional<double> number(const Json& object, const char* key);

// Returns a whole number that is no less than zero, or nothing.
std::optional<std::int64_t> count(const Json& object, const char* key);

// Returns a string, or an empty one.
std::string text(const Json& value);
std::string text(const Json& object, const char* key);

// Returns whether the member is true.
bool flag(const Json& object, const char* key);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_VALUE_H_

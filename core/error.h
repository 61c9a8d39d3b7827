// What the core throws: an error that a host can raise as it is, and the wish to stop.
#ifndef ARGO_CORE_ERROR_H_
#define ARGO_CORE_ERROR_H_

#include "host_free.h"

#include <exception>
#include <string>
#include <utility>

namespace argo {

// SQLSTATEs that Argo raises. Standard ones where one fits; class ZA is for states of the API.
namespace sqlstate {
inline constexpr char kInvalidParameter[] = "22023";
inline constexpr char kLoginRefused[] = "28000";
inline constexpr char kNoRights[] = "42501";
inline constexpr char kTooLarge[] = "54000";
inline constexpr char kNotSetUp[] = "55000";
inline constexpr char kUnreachable[] = "08001";
inline constexpr char kConnectionLost[] = "08006";
inline constexpr char kOptionUnknown[] = "HV00D";
inline constexpr char kOptionMissing[] = "HV00J";
inline constexpr char kOptionValue[] = "HV024";
inline constexpr char kRateLimited[] = "ZA001";
inline constexpr char kBadResponse[] = "ZA002";
inline constexpr char kSubscription[] = "ZA003";
inline constexpr char kIncomplete[] = "ZA004";
}  // namespace sqlstate

// An error for the user: a lower-case message without a full stop, what happened to the data, and
// the next command to type. Texts from outside pass through printable() before they get here.
class Error : public std::exception {
 public:
  Error(const char* sqlstate, std::string message, std::string detail = {}, std::string hint = {})
      : sqlstate_(sqlstate),
        message_(std::move(message)),
        detail_(std::move(detail)),
        hint_(std::move(hint)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& sqlstate() const noexcept { return sqlstate_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string sqlstate_;
  std::string message_;
  std::string detail_;
  std::string hint_;
};

// Thrown once the host has said that it wants to stop; the host knows why.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace argo

#endif  // ARGO_CORE_ERROR_H_

// Keeps the login to the API: Basic once, then the token that came back.
#ifndef ARGO_CORE_SESSION_H_
#define ARGO_CORE_SESSION_H_

#include "host_free.h"

#include <string>
#include <vector>

#include "http.h"
#include "settings.h"

namespace argo {

class Session {
 public:
  explicit Session(const Settings& settings);

  // Returns the headers of the next request.
  std::vector<std::string> headers() const;

  // Says whether the next request is a login, which must have no other request beside it: a login
  // that is refused must not be repeated by those behind it.
  bool needs_login() const { return state_ == State::kNone; }

  // Takes note that a request sent with these headers was let in, and of the token in a login's
  // answer.
  void accepted(const std::vector<std::string>& headers, const HttpResponse& response);

  // Takes note that a request sent with these headers was turned away (401 or 419). Returns whether
  // it may be sent again: with a token that has come since, or with one new login after a token
  // that worked before. A refused login is final.
  bool refused(const std::vector<std::string>& headers);

  // Returns text without any part of the login in it.
  std::string redact(std::string text) const;

  // Describes an answer that is not 200 by its status and the start of its body.
  std::string describe(const HttpResponse& response) const;

 private:
  enum class State : std::uint8_t { kNone, kToken, kBasic };

  std::string api_key_;
  std::string email_;
  std::string password_md5_;
  std::string basic_;
  std::string token_;
  State state_ = State::kNone;
  bool worked_ = false;  // since the last login
};

}  // namespace argo

#endif  // ARGO_CORE_SESSION_H_

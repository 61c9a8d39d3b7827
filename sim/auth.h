// Logins with key, e-mail and hashed password, and the tokens that follow from them.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "answer.h"

namespace argo::sim {

struct Credentials {
  std::string api_key = "demo-key";
  std::string email = "demo@example.com";
  std::string password = "demo-password";
};

// How a request identified itself, and what became of it.
struct Access {
  const char* kind = "none";  // none, basic or token
  int status = 200;           // 200, 401 or 419
  std::string token;          // issued by this login
};

class Auth {
 public:
  // Prepares the texts that right requests carry.
  Auth(const Credentials& credentials, uint64_t seed);

  // Checks a request and counts it when it is a login.
  Access check(const Request& request);

  // Expires every token issued so far.
  void expire_tokens() { first_valid_ = next_.load(); }

  int64_t logins() const { return logins_; }
  int64_t refused_logins() const { return refused_; }

  // Starts counting again.
  void reset_counts();

 private:
  std::string token_text(uint64_t number) const;

  std::string api_key_;
  std::string basic_;
  uint64_t seed_;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> first_valid_{0};
  std::atomic<int64_t> logins_{0};
  std::atomic<int64_t> refused_{0};
};

}  // namespace argo::sim

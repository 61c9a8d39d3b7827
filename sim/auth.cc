// Checks credentials against the Basic header and issues numbered, signed tokens.
#include "auth.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <string_view>

#include "hash.h"

namespace argo::sim {
namespace {

// Writes a number as sixteen hexadecimal digits.
std::string hex16(uint64_t value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) {
    text[i] = kHex[value & 15];
  }
  return text;
}

// Computes the MD5 of a text in lower-case hexadecimal digits.
std::string md5_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

// Encodes a text in base64.
std::string base64(const std::string& text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

}  // namespace

Auth::Auth(const Credentials& credentials, uint64_t seed)
    : api_key_(credentials.api_key),
      basic_("Basic " + base64(credentials.email + ":" + md5_hex(credentials.password))),
      seed_(mix(seed + 419)) {}

// Makes the token with a number; its second half proves that it was issued here.
std::string Auth::token_text(uint64_t number) const {
  return hex16(number) + hex16(hash(seed_, static_cast<int64_t>(number)));
}

Access Auth::check(const Request& request) {
  Access access;
  const bool key_right = request.api_key == api_key_;
  if (!request.authorization.empty()) {
    access.kind = "basic";
    if (!key_right || request.authorization != basic_) {
      ++refused_;
      access.status = 401;
      return access;
    }
    ++logins_;
    access.token = token_text(next_++);
    return access;
  }
  if (request.token.empty()) {
    access.status = 401;
    return access;
  }
  access.kind = "token";
  if (!key_right || request.token.size() != 32) {
    access.status = 401;
    return access;
  }
  const uint64_t number = std::strtoull(request.token.substr(0, 16).c_str(), nullptr, 16);
  if (number >= next_ || request.token != token_text(number)) {
    access.status = 401;
  } else if (number < first_valid_) {
    access.status = 419;
  }
  return access;
}

void Auth::reset_counts() {
  logins_ = 0;
  refused_ = 0;
}

}  // namespace argo::sim

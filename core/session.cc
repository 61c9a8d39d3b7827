// Keeps the login to the API: Basic once, then the token that came back.
#include "session.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "digest.h"
#include "text.h"

namespace argo {

namespace {

constexpr std::string_view kBasicHeader = "Authorization: Basic ";

bool is_login(const std::vector<std::string>& headers) {
  return headers.back().compare(0, kBasicHeader.size(), kBasicHeader) == 0;
}

// Finds a secret: an API may repeat an e-mail or a hash in lower or upper case.
std::size_t find_in_any_case(const std::string& text, const std::string& secret, std::size_t from) {
  const auto is_same = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  const auto start = text.begin() + static_cast<std::ptrdiff_t>(from);
  const auto at = std::search(start, text.end(), secret.begin(), secret.end(), is_same);
  return at == text.end() ? std::string::npos : static_cast<std::size_t>(at - text.begin());
}

}  // namespace

Session::Session(const Settings& settings)
    : api_key_(settings.api_key),
      email_(settings.email),
      password_md5_(settings.password_md5),
      basic_(base64(settings.email + ":" + settings.password_md5)) {}

std::vector<std::string> Session::headers() const {
  return {
      "Accept: text/json", "X-Eniscope-API: " + api_key_,
      state_ == State::kToken ? "X-Eniscope-Token: " + token_ : std::string(kBasicHeader) + basic_};
}

void Session::accepted(const std::vector<std::string>& headers, const HttpResponse& response) {
  if (state_ != State::kNone || !is_login(headers)) {
    worked_ = worked_ || headers == this->headers();
    return;
  }
  // An API that gives no token is asked with Basic throughout.
  token_ = response.header("x-eniscope-token");
  state_ = token_.empty() ? State::kBasic : State::kToken;
  worked_ = false;
}

bool Session::refused(const std::vector<std::string>& headers) {
  if (state_ == State::kNone)
    // While one request logs in again, those that carried the old token wait for it.
    return !is_login(headers);
  if (headers != this->headers())
    return true;
  if (state_ == State::kBasic || !worked_)
    return false;
  state_ = State::kNone;
  return true;
}

std::string Session::redact(std::string text) const {
  std::array<const std::string*, 5> secrets{&api_key_, &password_md5_, &basic_, &token_, &email_};
  // One may be part of another, whose rest would be told.
  std::sort(secrets.begin(), secrets.end(),
            [](const auto* a, const auto* b) { return a->size() > b->size(); });
  for (const std::string* secret : secrets) {
    if (secret->empty())
      continue;
    // Goes on behind the stars: a secret may be made of them.
    constexpr std::string_view kStars = "***";
    for (std::size_t at = find_in_any_case(text, *secret, 0); at != std::string::npos;
         at = find_in_any_case(text, *secret, at + kStars.size()))
      text.replace(at, secret->size(), kStars);
  }
  return text;
}

std::string Session::describe(const HttpResponse& response) const {
  std::string text = "HTTP " + std::to_string(response.status);
  // Redacts before it cuts: half a secret is none to redact().
  if (!response.body.empty())
    text += ": " + printable(redact(response.body), 120);
  return text;
}

}  // namespace argo

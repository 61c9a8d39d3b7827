// How far the API's clock is from this machine's.
#include "clock_skew.h"

#include <curl/curl.h>

#include <cmath>
#include <ctime>

namespace argo {

namespace {

// A Date has no fractions; on average it is so much behind.
constexpr std::chrono::milliseconds kCutOff{500};

}  // namespace

void ClockSkew::add(const std::string& date, Clock::time_point received_at, Clock::duration took) {
  const std::time_t time = curl_getdate(date.c_str(), nullptr);
  if (time == -1)
    return;
  // Somewhere between request and answer the API looked at its clock.
  const std::chrono::duration<double> asked_at = (received_at - took / 2).time_since_epoch();
  const double seconds =
      static_cast<double>(time) + std::chrono::duration<double>(kCutOff).count() - asked_at.count();
  if (!seconds_ || std::abs(seconds) < std::abs(*seconds_))
    seconds_ = seconds;
}

}  // namespace argo

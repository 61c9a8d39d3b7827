// Compares what was fetched of a window with what is stored of it.
#include "delta.h"

#include <cmath>

namespace argo {

namespace {

bool differs(const Reading& given, const Reading& stored) {
  for (std::size_t i = 0; i < kQuantities; ++i)
    if (!std::isnan(given.values[i]) && given.values[i] != stored.values[i])
      return true;
  return false;
}

}  // namespace

Delta compare(const std::vector<Reading>& given, const std::vector<Reading>& stored) {
  Delta delta;
  if (stored.empty()) {
    delta.fresh = given;
    return delta;
  }
  auto next = stored.begin();
  for (const Reading& reading : given) {
    while (next != stored.end() && next->ts < reading.ts)
      ++next;
    if (next == stored.end() || next->ts != reading.ts)
      delta.fresh.push_back(reading);
    else if (differs(reading, *next))
      delta.differing.push_back(reading);
  }
  return delta;
}

}  // namespace argo

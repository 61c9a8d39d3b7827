// Compares what was fetched of a window with what is stored of it.
#ifndef ARGO_CORE_DELTA_H_
#define ARGO_CORE_DELTA_H_

#include "host_free.h"

#include <vector>

#include "model.h"

namespace argo {

struct Delta {
  std::vector<Reading> fresh;      // not stored yet
  std::vector<Reading> differing;  // stored with another value, or without one that is given now
};

// Compares two lists that are sorted by ts without repetition. A value that is not given now does
// not differ from one that is stored.
Delta compare(const std::vector<Reading>& given, const std::vector<Reading>& stored);

}  // namespace argo

#endif  // ARGO_CORE_DELTA_H_

// Mends what broken senders put into JSON, so that one bad value does not cost a whole answer.
#ifndef ARGO_CORE_JSON_REPAIR_H_
#define ARGO_CORE_JSON_REPAIR_H_

#include "host_free.h"

#include <string>
#include <string_view>

namespace argo {

// Returns the text with these mended, for a second try after a strict parser refused it: a byte
// order mark dropped; bare words that are no JSON and numbers that no double holds quoted (NaN, +5,
// 1e999); inside strings, what is no UTF-8, control characters and lone surrogates replaced by
// U+FFFD. Broken structure stays broken.
std::string repair_json(std::string_view text);

}  // namespace argo

#endif  // ARGO_CORE_JSON_REPAIR_H_

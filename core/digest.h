// The two encodings that the API's login wants.
#ifndef ARGO_CORE_DIGEST_H_
#define ARGO_CORE_DIGEST_H_

#include "host_free.h"

#include <string>
#include <string_view>

namespace argo {

// Returns the MD5 of text as 32 lower-case hex digits. Throws Error where the host forbids MD5.
std::string md5_hex(std::string_view text);

// Returns text in base64 with padding and without line breaks.
std::string base64(std::string_view text);

}  // namespace argo

#endif  // ARGO_CORE_DIGEST_H_

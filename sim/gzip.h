// Compression of answers, and of one that is meant to burst.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace argo::sim {

// Compresses text at the fastest level.
std::string gzip(std::string_view text);

// Makes valid gzip that inflates to this many MiB of spaces, in a thousandth of their size.
std::string gzip_bomb(int64_t megabytes);

}  // namespace argo::sim

// The integer hash from which every simulated value derives.
#pragma once

#include <cstdint>

namespace argo::sim {

// Scrambles 64 bits so that neighbouring inputs give unrelated outputs.
constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Hashes a key and a position.
constexpr uint64_t hash(uint64_t key, int64_t position) {
  return mix(key ^ (static_cast<uint64_t>(position) * 0xd6e8feb86659fd93ULL));
}

// Maps a hash to [0, 1).
constexpr double unit(uint64_t h) {
  return static_cast<double>(h >> 11) * 0x1p-53;
}

// Maps 16 bits of a hash to [-1, 1), so that one hash serves four draws.
constexpr double spread(uint64_t h, int draw) {
  return static_cast<double>(static_cast<int16_t>(h >> (16 * draw))) * 0x1p-15;
}

}  // namespace argo::sim

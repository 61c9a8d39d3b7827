// Wraps zlib for whole bodies, and repeats one deflated block for bombs of any size.
#include "gzip.h"

#include <zlib.h>

#include <stdexcept>

namespace argo::sim {
namespace {

// Runs deflate over one text with the given window bits and flush mode.
std::string deflate_all(std::string_view text, int window_bits, int flush) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("could not start zlib");
  }
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Appends 32 bits, lowest byte first.
void append_le32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(value >> shift);
  }
}

}  // namespace

std::string gzip(std::string_view text) {
  return deflate_all(text, 15 + 16, Z_FINISH);
}

std::string gzip_bomb(int64_t megabytes) {
  const std::string spaces(1 << 20, ' ');
  // A full flush ends the block on a byte and forgets the window, so that it can be repeated.
  const std::string block = deflate_all(spaces, -15, Z_FULL_FLUSH);
  const auto* bytes = reinterpret_cast<const Bytef*>(spaces.data());
  const uLong block_crc = crc32(0, bytes, static_cast<uInt>(spaces.size()));
  std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
  uLong crc = 0;
  for (int64_t i = 0; i < megabytes; ++i) {
    out += block;
    crc = crc32_combine(crc, block_crc, static_cast<z_off_t>(spaces.size()));
  }
  out += std::string("\x03\x00", 2);
  append_le32(out, static_cast<uint32_t>(crc));
  append_le32(out, static_cast<uint32_t>(static_cast<uint64_t>(megabytes) << 20));
  return out;
}

}  // namespace argo::sim

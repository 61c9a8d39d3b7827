// cpp-httplib with the options of Debian's shared library, and what its versions differ in.
#pragma once

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif
#ifndef CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#endif
#ifndef CPPHTTPLIB_BROTLI_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#endif

#include <httplib.h>

namespace argo::sim {

// A stream as 0.11 asks of it, and under the names by which later versions do.
class Stream : public httplib::Stream {
 public:
  // Tells whether bytes are here already, and waits for some, or for room to write.
  virtual bool has_bytes() const = 0;
  virtual bool wait_for_bytes() const = 0;
  virtual bool wait_for_room() const = 0;

// Known since the version that renamed them.
#ifdef CPPHTTPLIB_VERSION_NUM
  bool is_readable() const override {
    return has_bytes();
  }
  bool wait_readable() const override {
    return wait_for_bytes();
  }
  bool wait_writable() const override {
    return wait_for_room();
  }
  time_t duration() const override {
    return 0;
  }
#else
  bool is_readable() const override {
    return wait_for_bytes();
  }
  bool is_writable() const override {
    return wait_for_room();
  }
#endif
};

}  // namespace argo::sim

// The whole simulator: the API behind an HTTP port and a raw port.
#pragma once

#include <memory>
#include <string>

#include "api.h"
#include "http_front.h"
#include "raw_front.h"

namespace argo::sim {

struct Options {
  ApiOptions api;
  HttpOptions http;
  int raw_port = 0;  // 0 for any
};

class Simulator {
 public:
  // Starts listening; throws std::runtime_error when that fails.
  explicit Simulator(const Options& options);

  int http_port() const { return http_.port(); }

  // Tells the raw port, or 0 under HTTPS, where there is none.
  int raw_port() const { return raw_ ? raw_->port() : 0; }

  Api& api() { return api_; }

 private:
  Api api_;
  HttpFront http_;
  std::unique_ptr<RawFront> raw_;
};

}  // namespace argo::sim

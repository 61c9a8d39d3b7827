// Puts the parts of the simulator together.
#include "simulator.h"

namespace argo::sim {

Simulator::Simulator(const Options& options) : api_(options.api), http_(api_, options.http) {
  http_.start();
  if (options.http.certificate.empty()) {
    raw_ = std::make_unique<RawFront>(api_, options.http.host, options.raw_port, http_.port());
    raw_->start();
  }
}

}  // namespace argo::sim

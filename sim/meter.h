// One simulated meter: the energy that passed through a channel in any stretch of time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "site.h"
#include "zone.h"

namespace argo::sim {

inline constexpr int64_t kCell = 900;              // seconds in a cell of the model
inline constexpr int64_t kDataStart = 1704067200;  // 2024-01-01, before which nothing exists
inline constexpr int64_t kLateBy = 21600;          // how far the late channel lags
inline constexpr int64_t kNano = 1'000'000'000;    // fixed-point scale of every value

// The energy in a stretch of time, and how many of its seconds were metered at all.
struct Metered {
  int64_t nano_wh = 0;
  int64_t seconds = 0;
};

// Mean values of a bin that go with its energy; P in W, V in V, I in A per phase.
struct Means {
  double p = 0;
  double v = 0;
  double i = 0;
  double pf = 0;
};

// Energy is fixed per 15-minute cell by a hash and split inside the cell by minute weights, all
// in integers, so bins of every resolution and alignment add up exactly:
//
//   cell k      |<------------- E(k), from the profile and hash(k) ------------->|
//   minutes     | w0 | w1 | w2 | ...                                       | w14 |
//   bin 08:56   .......................|<- E(k)*(W(t1)-W(t0))/W(900) ->| next cell ...
class Meter {
 public:
  // Makes the meter of a channel; values depend on nothing but the seed, the channel and time.
  Meter(uint64_t seed, const Site& site, const Channel& channel);

  int phases() const { return channel_.phases; }

  // Tells up to when records exist at a given moment.
  int64_t horizon(int64_t now) const;

  // Measures [from, to).
  Metered measure(int64_t from, int64_t to);

  // Finds the mean values of the bin that begins at `from` and lasts `length` seconds.
  Means means(int64_t from, int64_t length, const Metered& metered) const;

  // Finds the share of phase 1, 2 or 3 in the bin's total; the shares miss 1 by up to 0.0006.
  double phase_share(int64_t from, int phase) const;

  // Finds temperature (°C) and relative humidity (%) at the bin.
  std::pair<double, double> climate(int64_t from);

  // Lists the stretches in [from, to) in which this channel's role shows.
  std::vector<std::pair<int64_t, int64_t>> role_windows(int64_t from, int64_t to);

 private:
  int64_t cell_energy(int64_t cell);
  bool cell_present(int64_t cell);
  bool stuck(int64_t at) const;
  bool role_shows(int64_t cell);
  int64_t local(int64_t at);
  int64_t energy_before(int64_t cell, int64_t energy, int64_t second) const;

  const Channel& channel_;
  const Zone& zone_;
  OffsetSpan span_;
  uint64_t key_;
};

}  // namespace argo::sim

// Derives energy, means and the measuring faults of a channel from hashes of time.
#include "meter.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hash.h"

namespace argo::sim {
namespace {

constexpr int64_t kCellsPerDay = kDay / kCell;

// One day's load between 0 (base) and 1 (peak), by quarter-hours of local time.
using DayShape = std::array<double, kCellsPerDay>;

// Ramps from 0 to 1 between two hours.
double ramp(double hour, double from, double to) {
  return std::clamp((hour - from) / (to - from), 0.0, 1.0);
}

// Rises at `on`, falls at `off`, each within `slope` hours.
double plateau(double hour, double on, double off, double slope) {
  return ramp(hour, on, on + slope) * (1 - ramp(hour, off - slope, off));
}

// Finds the load of a profile at a local hour.
double load_at(Profile profile, bool weekend, double hour) {
  switch (profile) {
    case Profile::kBuilding:
      return plateau(hour, 5.5, 20.5, 3) * (weekend ? 0.35 : 1);
    case Profile::kHvac:
      return plateau(hour, 5, 19.5, 1) * (weekend ? 0.3 : 0.75 + 0.25 * plateau(hour, 11, 17, 3));
    case Profile::kLighting:
      return plateau(hour, 6.5, 20, 0.75) * (weekend ? 0.2 : 1);
    case Profile::kKitchen:
      return weekend ? 0.04
                     : 0.08 + 0.92 * std::max(0.6 * plateau(hour, 6.5, 9, 0.5),
                                              plateau(hour, 11, 14.25, 0.75));
    case Profile::kOffice:
      return plateau(hour, 7, 19, 2) * (weekend ? 0.12 : 1 - 0.2 * plateau(hour, 12, 13.25, 0.5));
    case Profile::kServers:
      return 0.5 + 0.1 * plateau(hour, 8, 18, 3);
    case Profile::kMotor:
      return weekend ? 0 : plateau(hour, 6, 18, 0.25);
  }
  return 0;
}

// Finds a profile's day, computed once.
const DayShape& day_shape(Profile profile, bool weekend) {
  static const auto all_shapes = [] {
    std::array<std::array<DayShape, 2>, 7> shapes{};
    for (size_t p = 0; p < shapes.size(); ++p) {
      for (size_t w = 0; w < 2; ++w) {
        for (size_t q = 0; q < kCellsPerDay; ++q) {
          shapes[p][w][q] =
              load_at(static_cast<Profile>(p), w == 1, (static_cast<double>(q) + 0.5) / 4);
        }
      }
    }
    return shapes;
  }();
  return all_shapes[static_cast<size_t>(profile)][weekend ? 1 : 0];
}

// Finds how summery a day is, from -1 in mid-January to 1 in mid-July.
double season(int64_t day) {
  static const auto seasons_of_days = [] {
    std::array<double, 366> seasons{};
    for (size_t d = 0; d < seasons.size(); ++d) {
      seasons[d] = std::cos((static_cast<double>(d) - 197) * 2 * M_PI / 365.25);
    }
    return seasons;
  }();
  return seasons_of_days[static_cast<size_t>((day % 1461 + 1461) % 1461 % 365)];
}

// Tells whether a local day of the anomalous channel holds an anomaly, and in which quarters.
bool anomalous(uint64_t key, int64_t day, int64_t quarter) {
  const uint64_t h = hash(key, floor_div(day, 21));
  if (day - floor_div(day, 21) * 21 != static_cast<int64_t>(h % 21)) {
    return false;
  }
  const auto first = static_cast<int64_t>((h >> 8) % 12);
  return quarter >= first && quarter < first + 16 + static_cast<int64_t>((h >> 16) % 12);
}

// Tells whether a cell of the gappy channel was lost.
bool lost(uint64_t key, int64_t day, int64_t quarter) {
  if (hash(key + 1, day * kCellsPerDay + quarter) % 400 == 0) {
    return true;
  }
  const uint64_t h = hash(key, day);
  const auto first = static_cast<int64_t>((h >> 8) % 80);
  return h % 6 == 0 && quarter >= first &&
         quarter < first + 4 + static_cast<int64_t>((h >> 16) % 20);
}

}  // namespace

Meter::Meter(uint64_t seed, const Site& site, const Channel& channel)
    : channel_(channel), zone_(site.zone), key_(hash(mix(seed), channel.id)) {}

int64_t Meter::horizon(int64_t now) const {
  return channel_.role == Role::kLate ? floor_div(now - kLateBy, kCell) * kCell : now;
}

// Converts a moment to local seconds, remembering the offset until the next clock change.
int64_t Meter::local(int64_t at) {
  if (at < span_.from || at >= span_.to) {
    span_ = offset_span(zone_, at);
  }
  return at + span_.offset;
}

// Tells whether the stuck channel repeats one value at a moment: five days in every 28.
bool Meter::stuck(int64_t at) const {
  const int64_t phase = floor_div(at, kDay) % 28;
  return channel_.role == Role::kStuck && phase >= 10 && phase < 15;
}

// Tells whether a record exists for a cell, now or ever.
bool Meter::cell_present(int64_t cell) {
  if (cell * kCell < kDataStart) {
    return false;
  }
  if (channel_.role != Role::kGaps) {
    return true;
  }
  const int64_t at = local(cell * kCell);
  const int64_t day = floor_div(at, kDay);
  return !lost(key_ + 3, day, (at - day * kDay) / kCell);
}

// Finds the energy of a whole cell in billionths of a Wh.
int64_t Meter::cell_energy(int64_t cell) {
  const int64_t at = local(cell * kCell);
  const int64_t day = floor_div(at, kDay);
  const int64_t quarter = (at - day * kDay) / kCell;
  const int64_t weekday = (day % 7 + 11) % 7;
  const bool weekend = weekday == 0 || weekday == 6;
  if (stuck(cell * kCell)) {
    cell = 0;
  }
  double shape = day_shape(channel_.profile, weekend)[static_cast<size_t>(quarter)];
  if (channel_.role == Role::kZeros && shape == 0) {
    return 0;
  }
  const uint64_t h = hash(key_, cell);
  double factor = 1 + 0.06 * spread(h, 0);
  switch (channel_.role) {
    case Role::kStuck:
      if (cell == 0) {
        shape = 0.55;
      }
      break;
    case Role::kWaste:
      shape = std::max(shape, 0.72);
      break;
    case Role::kSpikes:
      if (h % 97 == 0) {
        factor *= 6;
      }
      break;
    case Role::kAnomaly:
      if (anomalous(key_ + 2, day, quarter)) {
        shape = std::max(shape, 0.9);
        factor *= 2.4;
      }
      break;
    default:
      break;
  }
  if (channel_.profile == Profile::kHvac || channel_.profile == Profile::kBuilding) {
    shape *= 0.75 + 0.25 * season(day);
  }
  const double watts = channel_.base_w + (channel_.peak_w - channel_.base_w) * shape;
  return static_cast<int64_t>(watts * factor * (0.25 * kNano));
}

// Finds the part of a cell's energy that passed before a second of it.
int64_t Meter::energy_before(int64_t cell, int64_t energy, int64_t second) const {
  const uint64_t weights = hash(key_ + 4, stuck(cell * kCell) ? 0 : cell);
  int64_t total = 0;
  int64_t before = 0;
  for (int64_t minute = 0; minute < kCell / 60; ++minute) {
    const int64_t weight = 24 + static_cast<int64_t>((weights >> (4 * minute)) & 15);
    total += weight * 60;
    before += weight * std::clamp<int64_t>(second - minute * 60, 0, 60);
  }
  __extension__ using Wide = __int128;
  return static_cast<int64_t>(static_cast<Wide>(energy) * before / total);
}

Metered Meter::measure(int64_t from, int64_t to) {
  Metered sum;
  for (int64_t cell = floor_div(from, kCell); cell * kCell < to; ++cell) {
    if (!cell_present(cell)) {
      continue;
    }
    const int64_t energy = cell_energy(cell);
    const int64_t begin = std::max<int64_t>(from - cell * kCell, 0);
    const int64_t end = std::min<int64_t>(to - cell * kCell, kCell);
    if (begin == 0 && end == kCell) {
      sum.nano_wh += energy;
    } else {
      sum.nano_wh += energy_before(cell, energy, end) - energy_before(cell, energy, begin);
    }
    sum.seconds += end - begin;
  }
  return sum;
}

Means Meter::means(int64_t from, int64_t length, const Metered& metered) const {
  if (metered.seconds == 0) {
    return {};
  }
  const uint64_t h = stuck(from) ? key_ : hash(key_ + 5, from * 1009 + length);
  Means means;
  means.v = channel_.volts * (1 + 0.012 * spread(h, 0));
  if (metered.nano_wh == 0) {
    return means;
  }
  means.p = static_cast<double>(metered.nano_wh) * 3600 /
            (static_cast<double>(kNano) * static_cast<double>(metered.seconds)) *
            (1 + 0.0013 * spread(h, 1));
  means.pf = 0.91 + 0.05 * spread(h, 2);
  means.i = means.p / (means.v * means.pf * channel_.phases);
  return means;
}

double Meter::phase_share(int64_t from, int phase) const {
  if (channel_.phases == 1) {
    return phase == 1 ? 1 : 0;
  }
  static constexpr double kShares[] = {0.343, 0.321, 0.336};
  const uint64_t h = stuck(from) ? key_ : hash(key_ + 6, from);
  return kShares[phase - 1] * (1 + 0.0006 * spread(h, phase - 1));
}

std::pair<double, double> Meter::climate(int64_t from) {
  const int64_t at = local(from);
  const int64_t day = floor_div(at, kDay);
  const double hour = static_cast<double>(at - day * kDay) / 3600;
  const uint64_t h = stuck(from) ? key_ : hash(key_ + 7, from);
  const double warmth = season(day) + 0.4 * std::sin((hour - 9) * M_PI / 12);
  return {12 + 11 * warmth + spread(h, 0), 55 - 15 * warmth + 6 * spread(h, 1)};
}

// Tells whether what is special about the channel shows in a cell.
bool Meter::role_shows(int64_t cell) {
  const int64_t at = local(cell * kCell);
  const int64_t day = floor_div(at, kDay);
  const int64_t quarter = (at - day * kDay) / kCell;
  switch (channel_.role) {
    case Role::kAnomaly:
      return anomalous(key_ + 2, day, quarter);
    case Role::kSpikes:
      return hash(key_, cell) % 97 == 0;
    case Role::kStuck:
      return stuck(cell * kCell);
    case Role::kZeros:
      return cell_energy(cell) == 0;
    case Role::kGaps:
      return !cell_present(cell);
    default:
      return false;
  }
}

std::vector<std::pair<int64_t, int64_t>> Meter::role_windows(int64_t from, int64_t to) {
  std::vector<std::pair<int64_t, int64_t>> windows;
  const int64_t first = floor_div(std::max(from, kDataStart), kCell);
  for (int64_t cell = first; cell * kCell < to; ++cell) {
    if (!role_shows(cell)) {
      continue;
    }
    const int64_t at = cell * kCell;
    if (!windows.empty() && windows.back().second == at) {
      windows.back().second = at + kCell;
    } else {
      windows.emplace_back(at, at + kCell);
    }
  }
  return windows;
}

}  // namespace argo::sim

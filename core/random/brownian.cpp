#include "brownian.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sched {

namespace {

constexpr int kDepth = 16;
constexpr double kNoisiest = 24.0;   // log2 sigma at which the path starts, at 0
constexpr double kCleanest = -40.0;  // log2 sigma at which it ends
constexpr int kSide = kDepth + 2;    // the last point, the halvings, the bridge

double clock_at(double log2_sigma) { return std::exp2(-2.0 * log2_sigma); }

// A point of the path as a sum of normals.  Nodes along the way down: 0 the last point of
// the path, then a heap of midpoints, then the leaves.
struct Point {
  std::uint32_t node[kSide];
  double weight[kSide];
};

// Where between the ends of a Brownian bridge: what share of the later end, and the
// deviation of what is added.
struct Bridge {
  double share, deviation;
  Bridge(double start, double middle, double end)
      : share((middle - start) / (end - start)),
        deviation(std::sqrt(share * std::fmax(0.0, end - middle))) {}
};

Point point_at(double sigma) {
  const double place = std::clamp(std::log2(sigma), kCleanest, kNoisiest);
  const double clock = clock_at(place);
  double noisy = kNoisiest;
  double clean = kCleanest;
  // Both ends of the interval as sums of the nodes so far.
  double start[kSide] = {};
  double end[kSide] = {};
  Point point{};
  end[0] = std::sqrt(clock_at(clean) - clock_at(noisy));
  std::uint32_t heap = 1;
  for (int level = 1; level <= kDepth; ++level) {
    const double middle = 0.5 * (noisy + clean);
    const Bridge bridge(clock_at(noisy), clock_at(middle), clock_at(clean));
    point.node[level] = heap;
    const bool cleaner = place < middle;
    double* moved = cleaner ? start : end;
    for (int k = 0; k < level; ++k) moved[k] = start[k] + bridge.share * (end[k] - start[k]);
    moved[level] = bridge.deviation;
    (cleaner ? noisy : clean) = middle;
    heap = 2 * heap + (cleaner ? 1 : 0);
  }
  const Bridge bridge(clock_at(noisy), clock, clock_at(clean));
  point.node[kSide - 1] = heap;
  for (int k = 0; k < kSide; ++k) point.weight[k] = start[k] + bridge.share * (end[k] - start[k]);
  point.weight[kSide - 1] = bridge.deviation;
  return point;
}

}  // namespace

int path_terms(double from, double to, NoiseTerm* terms) {
  const Point a = point_at(from);
  const Point b = point_at(to);
  // Two ways down from the root share their first nodes and none after.
  int shared = 0;
  while (shared < kSide && a.node[shared] == b.node[shared]) ++shared;
  std::uint32_t node[2 * kSide];
  double weight[2 * kSide];
  int count = 0;
  const auto add = [&](std::uint32_t id, double w) {
    node[count] = id;
    weight[count++] = w;
  };
  for (int k = 0; k < shared; ++k) add(a.node[k], b.weight[k] - a.weight[k]);
  for (int k = shared; k < kSide; ++k) {
    add(a.node[k], -a.weight[k]);
    add(b.node[k], b.weight[k]);
  }
  double variance = 0.0;
  for (int k = 0; k < count; ++k) variance += weight[k] * weight[k];
  if (!(variance > 0.0)) {
    terms[0] = {a.node[kSide - 1], 1.0f};
    return 1;
  }
  // A weight below a float's resolution of the sum is not worth a normal.
  int kept = 0;
  for (int k = 0; k < count; ++k) {
    const double w = weight[k] / std::sqrt(variance);
    if (std::fabs(w) > 1e-9) terms[kept++] = {node[k], static_cast<float>(w)};
  }
  return kept;
}

}  // namespace sched

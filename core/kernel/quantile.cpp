// Where a quantile lies, and that of one item's absolute values in float64, by selection in linear
// time.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernel.hpp"

namespace sched {

namespace {

// The bits of a number that is not negative order as the number does, with NaN last.  A
// comparison of the numbers themselves would break selection where one is NaN.
bool is_below(double a, double b) {
  uint64_t x;
  uint64_t y;
  std::memcpy(&x, &a, sizeof x);
  std::memcpy(&y, &b, sizeof y);
  return x < y;
}

}  // namespace

Rank rank_of(int64_t count, double ratio) {
  const double position = ratio * static_cast<double>(count - 1);
  const auto below = static_cast<int64_t>(std::floor(position));
  const bool from_below = ratio < 0.5;
  return {below, position - static_cast<double>(below), from_below,
          from_below ? std::min(below + 2, count) : count - below};
}

// As much again as has to be known, so that what is dropped is dropped in few passes.
int64_t quantile_room(int64_t count, double ratio) {
  return std::min(count, 2 * rank_of(count, ratio).kept + 2048);
}

double quantile_of(double* values, int64_t count, double ratio) {
  const Rank rank = rank_of(count, ratio);
  double* const at = values + rank.below;
  std::nth_element(values, at, values + count, is_below);
  if (rank.rest == 0.0) return *at;
  const double high = *std::min_element(at + 1, values + count, is_below);
  return *at + rank.rest * (high - *at);
}

}  // namespace sched

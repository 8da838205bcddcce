// The quantile of one item's absolute values, by selection in linear time.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernel.hpp"

namespace sched {

namespace {

// The bits of a number that is not negative order as the number does, with NaN last.  A
// comparison of the numbers themselves would break selection where one is NaN.
template <typename Real, typename Bits>
bool is_below(Real a, Real b) {
  Bits x;
  Bits y;
  std::memcpy(&x, &a, sizeof x);
  std::memcpy(&y, &b, sizeof y);
  return x < y;
}

template <typename Real, typename Bits>
Real select(Real* values, int64_t count, double ratio) {
  const double position = ratio * static_cast<double>(count - 1);
  const int64_t below = static_cast<int64_t>(std::floor(position));
  const Real rest = static_cast<Real>(position - static_cast<double>(below));
  std::nth_element(values, values + below, values + count, is_below<Real, Bits>);
  const Real low = values[below];
  if (rest == Real(0)) return low;
  const Real high = *std::min_element(values + below + 1, values + count, is_below<Real, Bits>);
  return low + rest * (high - low);
}

}  // namespace

float quantile_of(float* values, int64_t count, double ratio) {
  return select<float, uint32_t>(values, count, ratio);
}

double quantile_of(double* values, int64_t count, double ratio) {
  return select<double, uint64_t>(values, count, ratio);
}

}  // namespace sched

// The Brownian path of the SDE solvers: increments that add up, of the right covariance, and
// normals on the kernel.

#include "../../core/random/brownian.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "../../core/kernel/kernel.hpp"

namespace {

using namespace sched;

// An increment as weights of its normals.
using Increment = std::map<std::uint32_t, double>;

Increment unit_increment(double from, double to) {
  NoiseTerm terms[kMaxPathTerms];
  const int count = path_terms(from, to, terms);
  Increment increment;
  for (int i = 0; i < count; ++i) increment[terms[i].draw] += double{terms[i].weight};
  return increment;
}

double product(const Increment& a, const Increment& b) {
  double sum = 0.0;
  for (const auto& [draw, weight] : a) {
    const auto other = b.find(draw);
    if (other != b.end()) sum += weight * other->second;
  }
  return sum;
}

double clock_of(double sigma) { return 1.0 / (sigma * sigma); }
double elapsed(double from, double to) { return clock_of(to) - clock_of(from); }

// Levels of a loop: far apart and close together.  Leaves of the tree are 2^(1 / 1024) apart,
// about 0.07 %.
const std::vector<double> kLevels = {14.6, 9.0, 8.99, 2.5, 1.0, 0.7, 0.3, 0.2997, 0.05, 0.002};

TEST(Brownian, IncrementsHaveVarianceOne) {
  double worst = 0.0;
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    for (std::size_t k = i + 1; k < kLevels.size(); ++k) {
      const Increment w = unit_increment(kLevels[i], kLevels[k]);
      worst = std::fmax(worst, std::fabs(product(w, w) - 1.0));
    }
  }
  std::printf("largest error of a variance %.1e\n", worst);
  EXPECT_LE(worst, 1e-6);
}

TEST(Brownian, IncrementsAddUp) {
  double worst = 0.0;
  for (std::size_t i = 0; i + 2 < kLevels.size(); ++i) {
    const double a = kLevels[i], b = kLevels[i + 1], c = kLevels[i + 2];
    Increment rest;
    const auto add = [&](double from, double to, double sign) {
      const double share = std::sqrt(elapsed(from, to) / elapsed(a, c));
      for (const auto& [draw, weight] : unit_increment(from, to))
        rest[draw] += sign * share * weight;
    };
    add(a, b, 1.0);
    add(b, c, 1.0);
    add(a, c, -1.0);
    worst = std::fmax(worst, std::sqrt(product(rest, rest)));
  }
  std::printf("largest deviation of W(a,b) + W(b,c) - W(a,c), of that of W(a,c): %.1e\n", worst);
  EXPECT_LE(worst, 1e-6);
}

// Two levels on one leaf hang on the same bridge: their increment still has variance 1, and is
// no longer independent of what comes before and after.  No grid has steps so small.
TEST(Brownian, IncrementsWithinALeafHaveVarianceOne) {
  for (const double ratio : {1.0, 1.0 - 1e-12, 0.9999999, 0.99999, 0.9999}) {
    const Increment w = unit_increment(2.0, 2.0 * ratio);
    EXPECT_NEAR(product(w, w), 1.0, 1e-6);
  }
}

// Covariance is the clock that two increments share.
TEST(Brownian, CovarianceIsTheTimeShared) {
  double worst = 0.0;
  const std::size_t n = kLevels.size();
  for (std::size_t a = 0; a + 1 < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      for (std::size_t c = 0; c + 1 < n; ++c) {
        for (std::size_t d = c + 1; d < n; ++d) {
          const double shared = std::fmin(clock_of(kLevels[b]), clock_of(kLevels[d])) -
                                std::fmax(clock_of(kLevels[a]), clock_of(kLevels[c]));
          const double expected =
              std::fmax(0.0, shared) /
              std::sqrt(elapsed(kLevels[a], kLevels[b]) * elapsed(kLevels[c], kLevels[d]));
          const double covariance = product(unit_increment(kLevels[a], kLevels[b]),
                                            unit_increment(kLevels[c], kLevels[d]));
          worst = std::fmax(worst, std::fabs(covariance - expected));
        }
      }
    }
  }
  std::printf("largest error of a correlation %.1e\n", worst);
  EXPECT_LE(worst, 1e-6);
}

// One increment for each of `count` elements from `first` on, into the same place.
void fill(int kernel, std::int64_t first, std::int64_t count, std::vector<float>& out) {
  NoiseTerm terms[kMaxPathTerms];
  KernelTask task{};
  task.elements = count;
  task.first = first;
  task.inputs = 1;
  task.rows = 1;
  task.input[0] = {Source::noise, DType::f32, nullptr,
                   {42, 0, 2},    terms,      path_terms(2.0, 1.1, terms)};
  task.output[0] = {DType::f32, out.data() + first, 0.0, false};
  task.weight[0][0] = 1.0;
  task.gain_input = -1;
  find_kernel(kernel)->run(task);
}

// Kolmogorov and Smirnov's distance: above 1.63 / sqrt(n) with a probability of 1 %.
TEST(Brownian, IncrementsAreNormalOnTheKernel) {
  std::vector<float> values(100000);
  const auto n = static_cast<double>(values.size());
  fill(2, 0, static_cast<std::int64_t>(values.size()), values);
  double moment[5] = {};
  for (const float value : values) {
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(double{value}, k) / n;
  }
  std::sort(values.begin(), values.end());
  double distance = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double normal = 0.5 * std::erfc(-values[i] / std::sqrt(2.0));
    distance = std::fmax(distance, std::fabs(normal - (static_cast<double>(i) + 0.5) / n));
  }
  std::printf("moments %.4f %.4f %.4f %.4f, Kolmogorov-Smirnov %.2f\n", moment[1], moment[2],
              moment[3], moment[4], distance * std::sqrt(n));
  // Five standard errors of each.
  EXPECT_NEAR(moment[1], 0.0, 5.0 / std::sqrt(n));
  EXPECT_NEAR(moment[2], 1.0, 5.0 * std::sqrt(2.0 / n));
  EXPECT_NEAR(moment[3], 0.0, 5.0 * std::sqrt(15.0 / n));
  EXPECT_NEAR(moment[4], 3.0, 5.0 * std::sqrt(96.0 / n));
  EXPECT_LE(distance * std::sqrt(n), 1.63);
}

TEST(Brownian, PartsOfAnItemGetTheBitsOfTheWhole) {
  constexpr std::int64_t kCount = 5003;
  for (const int kernel : {1, 2, 3}) {
    if (find_kernel(kernel) == nullptr) continue;
    std::vector<float> whole(kCount), parts(kCount);
    fill(kernel, 0, kCount, whole);
    for (std::int64_t first = 0, count = 1; first < kCount; first += count, count = 3 * count + 2) {
      fill(kernel, first, std::min(count, kCount - first), parts);
    }
    EXPECT_EQ(std::memcmp(whole.data(), parts.data(), kCount * sizeof(float)), 0)
        << find_kernel(kernel)->name;
  }
}

}  // namespace

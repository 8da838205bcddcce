#include "exact_flow.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace {

constexpr int kSteps = 240;
constexpr double kAccuracy = 1e-13;

// Gauss-Legendre collocation with three stages, order 6.
// Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, table II.7.4.
const double kRoot = std::sqrt(15.0);
const double kStage[3][3] = {
    {5.0 / 36, 2.0 / 9 - kRoot / 15, 5.0 / 36 - kRoot / 30},
    {5.0 / 36 + kRoot / 24, 2.0 / 9, 5.0 / 36 - kRoot / 24},
    {5.0 / 36 + kRoot / 30, 2.0 / 9 + kRoot / 15, 5.0 / 36},
};
const double kPlace[3] = {0.5 - kRoot / 10, 0.5, 0.5 + kRoot / 10};
const double kWeight[3] = {5.0 / 18, 4.0 / 9, 5.0 / 18};

}  // namespace

double ExactFlow::denoise(double x, const sched::Level& level) const {
  const double a = level.alpha;
  const double noise = level.sigma * level.sigma;
  // Likelihoods relative to the largest, which may be too small for a double by itself.
  double best = -INFINITY;
  for (const Component& c : components_) {
    const double variance = a * a * c.variance + noise;
    const double away = x - a * c.mean;
    best = std::max(best, -0.5 * away * away / variance);
  }
  double sum = 0.0;
  double mean = 0.0;
  for (const Component& c : components_) {
    const double variance = a * a * c.variance + noise;
    const double away = x - a * c.mean;
    const double share =
        c.weight * std::exp(-0.5 * away * away / variance - best) / std::sqrt(variance);
    sum += share;
    mean += share * (c.mean + a * c.variance / variance * away);
  }
  return mean / sum;
}

double ExactFlow::slope(double y, double log_s) const {
  return y - denoise(y, {1.0, std::exp(log_s)});
}

double ExactFlow::integrate(double y, double from, double to, int steps) const {
  const double start = std::log(from);
  const double h = (std::log(to) - start) / steps;
  for (int i = 0; i < steps; ++i) {
    double k[3];
    std::fill(k, k + 3, slope(y, start + i * h));
    // Each round comes nearer to the fixed point by a factor of about h.
    for (int round = 0; round < 10; ++round) {
      for (int a = 0; a < 3; ++a) {
        const double inner = kStage[a][0] * k[0] + kStage[a][1] * k[1] + kStage[a][2] * k[2];
        k[a] = slope(y + h * inner, start + (i + kPlace[a]) * h);
      }
    }
    y += h * (kWeight[0] * k[0] + kWeight[1] * k[1] + kWeight[2] * k[2]);
  }
  return y;
}

double ExactFlow::carry(double y, double from, double to) const {
  if (components_.size() == 1) {
    const Component& c = components_.front();
    const double spread = std::sqrt((c.variance + to * to) / (c.variance + from * from));
    return c.mean + (y - c.mean) * spread;
  }
  const double result = integrate(y, from, to, kSteps);
  if (!(std::fabs(result - integrate(y, from, to, kSteps / 2)) < kAccuracy)) {
    throw std::runtime_error("the exact solution is not accurate enough");
  }
  return result;
}

// DEIS with polynomials in time: exponential Adams-Bashforth on the noise prediction.
// Zhang and Chen 2022, arXiv:2204.13902, eq. 14 and 15 ("tAB"); the time is that of the VP SDE
// as Karras et al. 2022, arXiv:2206.00364, table 1, run it between their sigmas.
//
//   x(t) = x + sum_k d_k  integral_s^t  L_k(T(sigma)) dsigma,   d = (x - D) / sigma
//   sigma^2 = exp(beta_d T^2 / 2 + beta_min T) - 1
//
// L_k is the Lagrange polynomial through the times of the last steps.

#include "sigma_adams.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// sigma(epsilon) = 0.002 and sigma(1) = 80.
struct VpTime {
  double beta_d;
  double beta_min;

  VpTime() {
    constexpr double first = 1e-3;
    const double low = std::log1p(0.002 * 0.002);
    const double high = std::log1p(80.0 * 80.0);
    beta_d = 2.0 * (low / first - high) / (first - 1.0);
    beta_min = high - 0.5 * beta_d;
  }
  double at(double sigma) const {
    const double root = std::sqrt(beta_min * beta_min + 2.0 * beta_d * std::log1p(sigma * sigma));
    return (root - beta_min) / beta_d;
  }
  double slope(double time) const {  // dsigma / dtime
    const double square = std::expm1(time * (0.5 * beta_d * time + beta_min));
    return 0.5 * (beta_d * time + beta_min) * (square + 1.0) / std::sqrt(square);
  }
};

// Gauss-Legendre over pieces of the step, on each of which T is as good as a parabola.
double integral(const VpTime& vp, const Few<double>& times, int which, double from, double to) {
  constexpr int pieces = 64;
  const double piece = (to - from) / pieces;
  double sum = 0.0;
  for (int i = 0; i < pieces; ++i) {
    const double start = from + i * piece;
    sum += gauss_legendre(start, start + piece,
                          [&](double sigma) { return lagrange(times, which, vp.at(sigma)); });
  }
  return sum;
}

// ComfyUI, from the authors' code: 10000 values, both ends among them, by a 10000th of the
// step, so that even the weights' sum is a little off.
double rectangles(const VpTime& vp, const Few<double>& times, int which, double from, double to) {
  constexpr int count = 10000;
  const double start = vp.at(from);
  const double length = vp.at(to) - start;
  double sum = 0.0;
  for (int i = 0; i < count; ++i) {
    const double time = start + length * i / (count - 1);
    sum += vp.slope(time) * lagrange(times, which, time);
  }
  return sum * length / count;
}

StepPlan plan(const StepView& step) {
  const int order = sigma_adams_order(step);
  if (order == 1) return sigma_adams_plan(step, sigma_adams_weights(step, 1));
  const VpTime vp;
  Few<double> times;
  for (int age = 0; age < order; ++age) times.push_back(vp.at(step.from(age).sigma));
  const auto integrate = step.options().quirk_rectangles ? rectangles : integral;
  Few<double> weights;
  for (int k = 0; k < order; ++k) {
    weights.push_back(integrate(vp, times, k, step.from().sigma, step.to().sigma));
  }
  return sigma_adams_plan(step, weights);
}

}  // namespace

const Solver kDeisTab = {"deis_tab",
                         "Zhang and Chen 2022, arXiv:2204.13902",
                         plan,
                         expand_single,
                         {rows_by_order, no_draws, 1, order_asked, Noise::never},
                         kVe | kFlow};

}  // namespace sched

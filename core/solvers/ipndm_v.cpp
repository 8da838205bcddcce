// iPNDM with the steps' own lengths: Adams-Bashforth in sigma on the actual grid, orders 1 to 4.
// Zhang and Chen 2022, arXiv:2204.13902 (iPNDM), with the variable weights of Hairer, Norsett,
// Wanner, Solving Ordinary Differential Equations I, III.5.
//
//   x(t) = x + sum_k d_k  integral_s^t  L_k(sigma) dsigma,   d = (x - D) / sigma

#include "sigma_adams.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// ComfyUI, from the authors' code: in a, which multiplies the second difference at order 3, a
// bracket is closed too late, and at order 4 a ratio of the newer steps stands for one of the
// older.
//   h is this step's length, h1 to h3 those of the steps before
Few<double> misplaced_weights(const StepView& step, int order) {
  double h[4] = {step.to().sigma - step.from().sigma, 1.0, 1.0, 1.0};
  for (int age = 1; age < order; ++age) {
    h[age] = step.from(age - 1).sigma - step.from(age).sigma;
  }
  const double ahead = h[0] + h[1];
  const double r1 = h[1] / h[2];
  const double third = h[0] / (3.0 * ahead);
  const double a = (1.0 - third * (h[0] * ahead) / (h[1] * (h[1] + h[2]))) / 2.0;
  double w[4] = {1.0 + 0.5 * h[0] / h[1] + a, -0.5 * h[0] / h[1] - (1.0 + r1) * a, r1 * a, 0.0};
  if (order == 4) {
    const double r2 = h[2] / h[3];
    const double q = h[1] * (h[1] + h[2]) / (h[2] * (h[2] + h[3]));
    const double all = ahead + h[2];
    const double b = ((1.0 - third) / 2.0 + (1.0 - 1.5 * third) * h[0] / (6.0 * all)) *
                     (h[0] * ahead * all) / (h[1] * (h[1] + h[2]) * (h[1] + h[2] + h[3]));
    w[0] += b;
    w[1] -= (1.0 + r1 + q) * b;
    w[2] += (r1 + q * (1.0 + r2)) * b;
    w[3] = -b * q * r1;
  }
  Few<double> weights;
  for (int age = 0; age < order; ++age) weights.push_back(h[0] * w[age]);
  return weights;
}

StepPlan plan(const StepView& step) {
  const int order = sigma_adams_order(step);
  const bool misplaced = step.options().quirk_misplaced_terms && order > 2;
  return sigma_adams_plan(
      step, misplaced ? misplaced_weights(step, order) : sigma_adams_weights(step, order));
}

}  // namespace

const Solver kIpndmV = {"ipndm_v",
                        "Zhang and Chen 2022, arXiv:2204.13902",
                        plan,
                        expand_single,
                        {rows_by_order, no_draws, 1, order_asked, Noise::never},
                        kVe | kFlow};

}  // namespace sched

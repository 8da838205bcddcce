// Euler: the first-order step of the probability-flow ODE in sigma, with churn.
// Karras et al. 2022, arXiv:2206.00364, algorithms 1 and 2; for flow matching Lipman et
// al. 2022, arXiv:2210.02747, where the velocity dx / dsigma is what the network says.
//
//   xh = x + s_noise sqrt(sh^2 - s^2) z,   sh = s (1 + gamma)
//   x(t) = xh + (t - sh) (xh - D) / sh

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan churned(const StepView& step, double gamma) {
  const NoiseLevel& s = step.from();
  const NoiseLevel hat = {s.alpha, s.sigma * (1.0 + gamma)};
  const double added = churn_noise(step.options(), s.sigma, hat.sigma);
  const LinearForm x = step.sample() + added * step.noise();

  StepPlan plan = step.blank_plan();
  // diffusers: epsilon is read at the churned level, v at the level before the churn.
  const bool at_churned = !(step.predicts_v() && step.options().quirk_churned_v);
  plan.denoised = step.denoised_of(x, at_churned ? hat : s);
  plan.next = x + ((step.to().sigma - hat.sigma) / hat.sigma) * (x - step.denoised());
  plan.draws = 1;
  return plan;
}

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const SolverOptions& options = step.options();
  const bool after = options.churn_place == ChurnPlace::after_call;
  const double gamma = after ? churn_of(options, s.sigma) : 0.0;
  if (gamma > 0.0) return churned(step, gamma);

  double distance = step.to().sigma - s.sigma;
  // diffusers: with per-token times the step has the opposite sign.
  if (step.is_grouped() && options.quirk_token_sign) distance = -distance;

  StepPlan plan = step.blank_plan();
  plan.next = step.sample() + distance * step.slope();
  return plan;
}

}  // namespace

const Solver kEuler = {"euler",
                       "Karras et al. 2022, arXiv:2206.00364",
                       plan,
                       expand_single,
                       {no_rows, draw_with_churn, 1, order_is<1>, Noise::optional},
                       kVe | kFlow};

}  // namespace sched

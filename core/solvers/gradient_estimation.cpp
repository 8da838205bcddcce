// Gradient estimation: an Euler step in sigma along the slope, pushed on by its change.
// Permenter and Yuan 2023, arXiv:2306.04848, algorithm 2.
//
//   x(t) = x + (t - s) (gamma d + (1 - gamma) d1),   d = (x - D) / sigma
//
// The first step and one to clean data are Euler's, which gives D at clean data.

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const LinearForm slope = step.slope();
  StepPlan plan = step.blank_plan();
  LinearForm direction = slope;
  if (step.history() > 0) {
    direction = direction + (step.options().gamma - 1.0) * (slope - step.past(1, 1));
  }
  plan.next = step.sample() + (step.to().sigma - step.from().sigma) * direction;
  if (step.ends_at_data()) plan.next = step.denoised();
  plan.keep(step.ring_slot(1), slope);
  return plan;
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kGradientEstimation = {
    "gradient_estimation", "Permenter and Yuan 2023, arXiv:2306.04848",    plan,
    expand_single,         {rows, no_draws, 1, order_is<1>, Noise::never}, kVe | kFlow};

}  // namespace sched

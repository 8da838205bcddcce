// Gradient estimation: an Euler step in sigma along the slope, pushed on by its change.
// Permenter and Yuan 2023, arXiv:2306.04848, algorithm 2.
//
//   x(t) = x + (t - s) (gamma d + (1 - gamma) d1),   d = (x - D) / sigma
//
// The first step and one to clean data are Euler's, which gives D at clean data.  With CFG++
// (Chung et al. 2024, arXiv:2406.08070; ComfyUI) the slopes are of the unconditional U, and
// alpha_t (D - U) is added.

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan_along(const StepView& step, const LinearForm& slope) {
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

StepPlan plan(const StepView& step) { return plan_along(step, step.slope()); }

StepPlan plan_guided(const StepView& step) {
  const LinearForm unconditional = step.unconditional_denoised();
  StepPlan plan = plan_along(step, (step.sample() - unconditional) / step.from().sigma);
  if (step.ends_at_data()) return plan;
  plan.next = plan.next + step.to().alpha * (step.denoised() - unconditional);
  return plan;
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kGradientEstimation = {
    "gradient_estimation", "Permenter and Yuan 2023, arXiv:2306.04848",    plan,
    expand_single,         {rows, no_draws, 1, order_is<1>, Noise::never}, kVe | kFlow};

const Solver kGradientEstimationCfgPp =
    with_unconditional({"gradient_estimation_cfg_pp",
                        "Permenter and Yuan 2023, arXiv:2306.04848; ComfyUI",
                        plan_guided,
                        expand_single,
                        {rows, no_draws, 1, order_is<1>, Noise::never},
                        kVe | kFlow});

}  // namespace sched

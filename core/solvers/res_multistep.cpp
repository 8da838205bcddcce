// RES multistep: the exponential integrator of order 2 in -log sigma, and its ancestral form.
// Zhang et al. 2023, arXiv:2308.02157, section 4; ancestral as in ComfyUI.
//
//   x(t) = (down / s) x + h (phi_1(-h) D + phi_2(-h) (h / l) (D - D1)) + s_noise up z
//   h = log(s / down),   l = log(s1 / down1) of the step before
//
// down is t and up is 0, or in the ancestral form as ancestral_split() has them.  The ODE in
// sigma is the same in the ve and the flow frame.  The first step, and one with down = 0, are
// Euler's.

#include "../plan/math.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan_with(const StepView& step, double eta) {
  const double s = step.from().sigma;
  const AncestralSplit split = ancestral_split(step.from(), step.to(), eta);
  StepPlan plan = step.blank_plan();
  plan.next = step.denoised() + (split.down / s) * (step.sample() - step.denoised());
  if (split.down > 0.0 && step.history() > 0) {
    const double h = std::log(s / split.down);
    const double before =
        std::log(step.from(1).sigma / ancestral_split(step.from(1), step.from(), eta).down);
    // A repeated sigma leaves no distance to take a difference over.
    const double weight = before != 0.0 ? phi(2, -h) * h * h / before : 0.0;
    plan.next = plan.next + weight * (step.denoised() - step.past(1, 1));
  }
  plan.keep(step.ring_slot(1), step.denoised());
  const double scale = step.options().noise_scale;
  if (eta == 0.0 || scale == 0.0 || step.ends_at_data()) return plan;
  plan.next = plan.next + (scale * split.up) * step.noise();
  plan.draws = 1;
  return plan;
}

StepPlan plan(const StepView& step) { return plan_with(step, 0.0); }
StepPlan plan_ancestral(const StepView& step) { return plan_with(step, step.options().eta); }

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kResMultistep = {
    "res_multistep", "Zhang et al. 2023, arXiv:2308.02157",          plan,
    expand_single,   {rows, no_draws, 1, order_is<2>, Noise::never}, kVe | kFlow};

const Solver kResMultistepAncestral = {"res_multistep_ancestral",
                                       "Zhang et al. 2023, arXiv:2308.02157; ComfyUI",
                                       plan_ancestral,
                                       expand_single,
                                       {rows, draw_with_eta, 1, order_is<2>, Noise::optional},
                                       kVe};

}  // namespace sched

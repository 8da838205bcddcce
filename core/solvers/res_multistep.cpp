// RES multistep: the exponential integrator of order 2 in -log sigma, and its ancestral form.
// Zhang et al. 2023, arXiv:2308.02157, section 4; ancestral as in ComfyUI.
//
//   x(t) = (down / s) x + h (phi_1(-h) D + phi_2(-h) (h / l) (D - D1)) + s_noise up z
//   h = log(s / down),   l = log(s1 / down1) of the step before
//
// down is t and up is 0, or in the ancestral form as ancestral_split() has them.  The ODE in
// sigma is the same in the ve and the flow frame.  The first step, and one with down = 0, are
// Euler's.  With CFG++ (Chung et al. 2024, arXiv:2406.08070; as in ComfyUI) these are of the
// unconditional U, and alpha_t (D - U) is added, e^-h times that where there is a D1.

#include "../plan/math.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

enum class Guidance { none, cfg_pp };

StepPlan plan_with(const StepView& step, double eta, Guidance guidance) {
  const double s = step.from().sigma;
  const AncestralSplit split = ancestral_split(step.from(), step.to(), eta);
  const bool guided = guidance == Guidance::cfg_pp;
  const LinearForm denoised = guided ? step.unconditional_denoised() : step.denoised();
  StepPlan plan = step.blank_plan();
  plan.next = denoised + (split.down / s) * (step.sample() - denoised);
  double added = step.to().alpha;
  if (split.down > 0.0 && step.history() > 0) {
    const double h = std::log(s / split.down);
    const double before =
        std::log(step.from(1).sigma / ancestral_split(step.from(1), step.from(), eta).down);
    // A repeated sigma leaves no distance to take a difference over.
    const double weight = before != 0.0 ? phi(2, -h) * h * h / before : 0.0;
    plan.next = plan.next + weight * (denoised - step.past(1, 1));
    added *= split.down / s;
  }
  if (guided) plan.next = plan.next + added * (step.denoised() - denoised);
  plan.keep(step.ring_slot(1), denoised);
  add_ancestral_noise(step, eta, split.up, plan);
  return plan;
}

StepPlan plan(const StepView& step) { return plan_with(step, 0.0, Guidance::none); }
StepPlan plan_ancestral(const StepView& step) {
  return plan_with(step, step.options().eta, Guidance::none);
}
StepPlan plan_guided(const StepView& step) { return plan_with(step, 0.0, Guidance::cfg_pp); }
StepPlan plan_ancestral_guided(const StepView& step) {
  return plan_with(step, step.options().eta, Guidance::cfg_pp);
}

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

const Solver kResMultistepCfgPp =
    with_unconditional({"res_multistep_cfg_pp",
                        "Zhang et al. 2023, arXiv:2308.02157; ComfyUI",
                        plan_guided,
                        expand_single,
                        {rows, no_draws, 1, order_is<2>, Noise::never},
                        kVe | kFlow});

const Solver kResMultistepAncestralCfgPp =
    with_unconditional({"res_multistep_ancestral_cfg_pp",
                        "Zhang et al. 2023, arXiv:2308.02157; ComfyUI",
                        plan_ancestral_guided,
                        expand_single,
                        {rows, draw_with_eta, 1, order_is<2>, Noise::optional},
                        kVe});

}  // namespace sched

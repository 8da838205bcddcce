// Euler with CFG++: the guided x0, and the noise that the unconditional prediction sees.
// Chung et al. 2024, arXiv:2406.08070, algorithm 2; the ancestral split of DDIM, Song et al.
// 2020, arXiv:2010.02502, as in ComfyUI, for flow models as well.
//
//   x(t) = alpha_t D + down e_U + s_noise up z

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan_with(const StepView& step, double eta) {
  const AncestralSplit split = ancestral_split(step.from(), step.to(), eta);
  StepPlan plan = step.blank_plan();
  plan.next = step.to().alpha * step.denoised() + split.down * step.unconditional_epsilon();
  add_ancestral_noise(step, eta, split.up, plan);
  return plan;
}

StepPlan plan(const StepView& step) { return plan_with(step, 0.0); }
StepPlan plan_ancestral(const StepView& step) { return plan_with(step, step.options().eta); }

}  // namespace

const Solver kEulerCfgPp = with_unconditional({"euler_cfg_pp",
                                               "Chung et al. 2024, arXiv:2406.08070",
                                               plan,
                                               expand_single,
                                               {no_rows, no_draws, 1, order_is<1>, Noise::never},
                                               kAnyFrame});

const Solver kEulerAncestralCfgPp =
    with_unconditional({"euler_ancestral_cfg_pp",
                        "Chung et al. 2024, arXiv:2406.08070; ComfyUI",
                        plan_ancestral,
                        expand_single,
                        {no_rows, draw_with_eta, 1, order_is<1>, Noise::optional},
                        kAnyFrame});

}  // namespace sched

// DPM-Solver-2: the midpoint step of the probability-flow ODE, and its ancestral form.
// Lu et al. 2022, arXiv:2206.00927, algorithm 1 with r1 = 1/2, in sigma as in Karras et
// al. 2022, arXiv:2206.00364, algorithm 2; k-diffusion, Crowson 2022.
//
//   y    = x + (m - s) (x - D(x, s)) / s,   m = sqrt(s down)
//   x(t) = x + (down - s) (y - D(y, m)) / m + s_noise up z
//
// down is t and up is 0, or in the ancestral form as ancestral_split() has them; in flow
// models as FlowSplit has them, which scales the step as well.  A step with down = 0 has no
// middle, and stays Euler's.

#include "flow_split.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// The ODE's step to `down`, by way of the middle where there is one.
StepPlan plan_down(const StepView& step, double down) {
  StepPlan plan = step.blank_plan();
  const double s = step.from().sigma;
  if (!step.node().ends_step) {
    plan.next = step.sample() + (step.to().sigma - s) * step.slope();
    plan.keep(0, step.sample());
    return plan;
  }
  const LinearForm x = step.node().stage == 0 ? step.sample() : step.memory(0);
  plan.next = x + (down - s) * step.slope();
  return plan;
}

StepPlan plan_with(const StepView& step, double eta) {
  const AncestralSplit split = ancestral_split(step.from(), step.to(), eta);
  StepPlan plan = plan_down(step, split.down);
  if (step.node().ends_step) add_ancestral_noise(step, eta, split.up, plan);
  return plan;
}

StepPlan plan_flow(const StepView& step) {
  const FlowSplit split(step.from(), step.to(), step.options());
  StepPlan plan = plan_down(step, split.down);
  if (step.node().ends_step) split.add_noise(step, plan);
  return plan;
}

std::optional<NoiseLevel> middle_above(const Expansion& e, const GridStep& step, double down) {
  if (down == 0.0) return std::nullopt;
  return level_from_sigma(e.spec.frame, std::sqrt(step.from.sigma * down));
}

StepPlan plan(const StepView& step) { return plan_with(step, 0.0); }
StepPlan plan_ancestral(const StepView& step) { return plan_with(step, step.options().eta); }

void expand(const Expansion& expansion) {
  expand_with_middle(expansion, [](const Expansion& e, const GridStep& step) {
    return middle_above(e, step, ancestral_split(step.from, step.to, 0.0).down);
  });
}

void expand_ancestral(const Expansion& expansion) {
  expand_with_middle(expansion, [](const Expansion& e, const GridStep& step) {
    return middle_above(e, step, ancestral_split(step.from, step.to, e.options.eta).down);
  });
}

void expand_flow(const Expansion& expansion) {
  expand_with_middle(expansion, [](const Expansion& e, const GridStep& step) {
    return middle_above(e, step, FlowSplit(step.from, step.to, e.options).down);
  });
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kDpm2 = {"dpm_2",
                      "Lu et al. 2022, arXiv:2206.00927",
                      plan,
                      expand,
                      {rows, draw_with_churn, 2, order_is<2>, Noise::optional},
                      kVe | kFlow};

const Solver kDpm2Ancestral = {"dpm_2_ancestral",
                               "k-diffusion, Crowson 2022; Lu et al. 2022, arXiv:2206.00927",
                               plan_ancestral,
                               expand_ancestral,
                               {rows, draw_with_eta, 2, order_is<2>, Noise::optional},
                               kVe};

const Solver kDpm2AncestralRf = {"dpm_2_ancestral_rf",
                                 "ComfyUI; Lu et al. 2022, arXiv:2206.00927",
                                 plan_flow,
                                 expand_flow,
                                 {rows, draw_with_eta, 2, order_is<2>, Noise::optional},
                                 kFlow};

}  // namespace sched

// Euler ancestral for rectified flow: an Euler step below the target, then scaled and
// noised back up to it.
// ComfyUI's sample_euler_ancestral_RF; flow levels of Lipman et al. 2022, arXiv:2210.02747.
//
//   y = (down / s) x + (1 - down / s) D,   x(t) = scale y + s_noise up z   as in FlowSplit

#include "flow_split.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  if (step.ends_at_data()) {
    // diffusers: its list of times may hold the end itself, where nothing is left to do.
    plan.next = step.node().stage == 0 ? step.denoised() : step.sample();
    return plan;
  }
  const FlowSplit split(step.from(), step.to(), step.options());
  const double kept = split.down / step.from().sigma;
  plan.next = kept * step.sample() + (1.0 - kept) * step.denoised();
  split.add_noise(step, plan);
  return plan;
}

void expand(const Expansion& e) {
  expand_single(e);
  if (!e.options.quirk_call_at_end || e.grid.end < e.grid.total()) return;
  const NoiseLevel end = e.grid.steps.back().to;
  e.grid.nodes.push_back({0.0, end, end, end, e.grid.total() - 1, 1, 0, false});
}

}  // namespace

const Solver kEulerAncestralRf = {"euler_ancestral_rf",
                                  "ComfyUI; Lipman et al. 2022, arXiv:2210.02747",
                                  plan,
                                  expand,
                                  {no_rows, one_draw, 1, order_is<1>, Noise::optional},
                                  kFlow};

}  // namespace sched

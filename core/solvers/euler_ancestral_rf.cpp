// Euler ancestral for rectified flow: an Euler step below the target, then scaled and
// noised back up to it.
// ComfyUI's sample_euler_ancestral_RF; flow levels of Lipman et al. 2022, arXiv:2210.02747.
//
//   down = t (1 + (t / s - 1) eta),   y = (down / s) x + (1 - down / s) D
//   x(t) = a_t / a_down y + s_noise sqrt(t^2 - (down a_t / a_down)^2) z,   a = 1 - sigma

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  const double s = step.from().sigma;
  const double t = step.to().sigma;
  if (step.ends_at_data()) {
    // diffusers: its list of times may hold the end itself, where nothing is left to do.
    plan.next = step.node().stage == 0 ? step.denoised() : step.sample();
    return plan;
  }
  const SolverOptions& options = step.options();
  const double down = t * (1.0 + (t / s - 1.0) * options.eta);
  plan.next = (down / s) * step.sample() + (1.0 - down / s) * step.denoised();
  if (options.eta == 0.0 || options.noise_scale == 0.0) return plan;
  // diffusers: 1e-12 beside the alpha that is divided by.
  const double guard = options.quirk_guarded_alpha ? 1e-12 : 0.0;
  const double alpha = 1.0 - t;
  const double alpha_down = 1.0 - down;
  const double kept = down * alpha;
  const double up = t * t - kept * kept / (alpha_down * alpha_down + guard);
  plan.next = (alpha / (alpha_down + guard)) * plan.next +
              (options.noise_scale * std::sqrt(std::fmax(0.0, up))) * step.noise();
  plan.draws = 1;
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

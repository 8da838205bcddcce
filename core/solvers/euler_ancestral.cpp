// Euler ancestral: an Euler step below the target, then noise back up to it.
// k-diffusion, Crowson 2022; the split is DDPM's of Ho et al. 2020, arXiv:2006.11239.
//
//   up = eta t sqrt(s^2 - t^2) / s,   down^2 = t^2 - up^2
//   x(t) = x + (down - s) (x - D) / s + s_noise up z

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const double s = step.from().sigma;
  const AncestralSplit split = ancestral_split(step.from(), step.to(), options.eta);
  StepPlan plan = step.blank_plan();
  plan.next = step.sample() + ((split.down - s) / s) * (step.sample() - step.denoised());
  // diffusers: it draws at clean data, too, with weight zero.
  if (step.ends_at_data() && !options.quirk_idle_draw) return plan;
  plan.next = plan.next + (options.noise_scale * split.up) * step.noise();
  plan.draws = options.eta > 0.0 ? 1 : 0;
  return plan;
}

}  // namespace

const Solver kEulerAncestral = {"euler_ancestral",
                                "k-diffusion, Crowson 2022; Ho et al. 2020, arXiv:2006.11239",
                                plan,
                                expand_single,
                                {no_rows, one_draw, 1, order_is<1>, Noise::always},
                                kVe};

}  // namespace sched

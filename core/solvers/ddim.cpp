// DDIM: denoising diffusion implicit models.
// Song et al. 2020, arXiv:2010.02502, eq. 12 and 16.
//
//   x(t) = alpha_t D + sqrt(sigma_t^2 - s^2) eps + s z
//   s    = eta sigma_t sqrt(1 - r^2), as ancestral_split() has it
//
// eta 0 is the deterministic sampler, eta 1 has the variance of DDPM.

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const double eta = step.options().eta;
  const AncestralSplit split = ancestral_split(s, t, eta);

  // The paper's eps is the network's; use_clipped_model_output takes the one that agrees
  // with the clipped D instead (GLIDE).
  const LinearForm eps =
      step.options().use_clipped_epsilon ? step.clipped_epsilon() : step.raw_epsilon();
  StepPlan plan = step.blank_plan();
  plan.next = t.alpha * step.denoised() + split.down * eps + split.up * step.noise();
  plan.draws = eta > 0.0 ? 1 : 0;
  return plan;
}

}  // namespace

const Solver kDdim = {"ddim",
                      "Song et al. 2020, arXiv:2010.02502",
                      plan,
                      expand_single,
                      {no_rows, draw_with_eta, 1, order_is<1>, Noise::optional},
                      kAnyFrame};

}  // namespace sched

// DDIM: denoising diffusion implicit models.
// Song et al. 2020, arXiv:2010.02502, eq. 12 and 16.
//
//   x(t) = alpha_t D + sqrt(sigma_t^2 - s^2) eps + s z
//   s    = eta sigma_t sqrt(1 - r^2),   r = (alpha_s / alpha_t) (sigma_t / sigma_s)
//
// eta 0 is the deterministic sampler, eta 1 has the variance of DDPM.

#include "../plan/solver.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const double r = (s.alpha / t.alpha) * (t.sigma / s.sigma);
  const double eta = step.options().eta;
  const double std = eta * t.sigma * std::sqrt(std::fmax(0.0, (1.0 - r) * (1.0 + r)));
  const double direction = std::sqrt(std::fmax(0.0, (t.sigma - std) * (t.sigma + std)));

  // The paper's eps is the network's; use_clipped_model_output takes the one that agrees
  // with the clipped D instead (GLIDE).
  const LinearForm eps =
      step.options().use_clipped_epsilon ? step.clipped_epsilon() : step.raw_epsilon();
  StepPlan plan = step.blank_plan();
  plan.next = t.alpha * step.denoised() + direction * eps + std * step.noise();
  plan.draws = eta > 0.0 ? 1 : 0;
  return plan;
}

int draws(const SolverOptions& options) { return options.eta > 0.0 ? 1 : 0; }

}  // namespace

extern const Solver kDdim;
const Solver kDdim = {"ddim",  "Song et al. 2020, arXiv:2010.02502",
                      plan,    expand_single,
                      no_rows, draws,
                      1,       1,
                      1,       true,
                      true,    true};

}  // namespace sched

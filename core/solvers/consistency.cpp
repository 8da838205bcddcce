// Consistency sampling: jump to clean data, and noise it again for the next jump.
// Song et al. 2023, arXiv:2303.01469, algorithm 1.
//
//   x(t) = alpha_t D + s_noise sqrt(sigma_t^2 - sigma_min^2) z
//
// sigma_min is the level at which the network takes a sample for clean.

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const double t = step.to().sigma;
  const double low = options.sigma_min;
  // As the paper has it: the last sigma but one is sigma_min but for its rounding, and what
  // is left of the squares is then the reference's, too.
  const double added = std::sqrt(std::fmax(0.0, t * t - low * low));
  const double weight = options.noise_scale * added;

  StepPlan plan = step.blank_plan();
  plan.next = step.to().alpha * step.denoised();
  // diffusers: with more steps than one it draws for the last as well, and adds nothing.
  const bool draws_anyway = options.quirk_draw_at_end && step.grid().total() > 1;
  if (weight == 0.0 && !draws_anyway) return plan;
  plan.next = plan.next + weight * step.noise();
  plan.draws = 1;
  return plan;
}

}  // namespace

const Solver kConsistency = {"consistency",
                             "Song et al. 2023, arXiv:2303.01469",
                             plan,
                             expand_single,
                             {no_rows, one_draw, 1, order_is<1>, Noise::always},
                             kAnyFrame};

}  // namespace sched

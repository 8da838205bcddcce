// Consistency sampling: jump to clean data, and noise it again for the next jump.
// Song et al. 2023, arXiv:2303.01469, algorithm 1.
//
//   x(t) = alpha_t D + s_noise sqrt(sigma_t^2 - sigma_min^2) z
//
// sigma_min is the level at which the network takes a sample for clean.  ComfyUI's lcm may clamp
// z to a multiple of its standard deviation over the whole tensor, and change s_noise evenly from
// step to step.

#include "solvers.hpp"

namespace sched {

namespace {

double noise_scale(const StepView& step) {
  const SolverOptions& options = step.options();
  const TimeGrid& grid = step.grid();
  const int last = grid.end - 1 - grid.begin;
  if (!options.noise_scale_end || last == 0) return options.noise_scale;
  const double part = static_cast<double>(step.node().step - grid.begin) / last;
  return options.noise_scale + part * (*options.noise_scale_end - options.noise_scale);
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const double t = step.to().sigma;
  const double low = options.sigma_min;
  // As the paper has it: the last sigma but one is sigma_min but for its rounding, and what
  // is left of the squares is then the reference's, too.
  const double added = std::sqrt(std::fmax(0.0, t * t - low * low));
  const double weight = noise_scale(step) * added;

  StepPlan plan = step.blank_plan();
  plan.next = step.to().alpha * step.denoised();
  // diffusers: with more steps than one it draws for the last as well, and adds nothing.
  const bool draws_anyway = options.quirk_draw_at_end && step.grid().total() > 1;
  if (weight == 0.0 && !draws_anyway) return plan;
  plan.next = plan.next + weight * step.noise();
  plan.draws = 1;
  if (options.noise_clip > 0.0) plan.measure = {Measure::deviation, step.noise(), {}, {}, 0.0, 0.0};
  return plan;
}

StepPlan finish(const StepView& step, const Measured& noise) {
  StepPlan clipped = plan(step);
  clipped.measure = {};
  clipped.gain = {GainMode::clamp, step.options().noise_clip * noise.first, 0.0};
  return clipped;
}

}  // namespace

const Solver kConsistency = {"consistency",
                             "Song et al. 2023, arXiv:2303.01469",
                             plan,
                             expand_single,
                             {no_rows, one_draw, 1, order_is<1>, Noise::always},
                             kAnyFrame,
                             finish};

}  // namespace sched

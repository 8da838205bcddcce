// TCD: trajectory consistency distillation; jumps past the next timestep and noises back.
// Zheng et al. 2024, arXiv:2402.19159, strategic stochastic sampling (algorithm 1).
//
//   y    = alpha_s' D + sigma_s' eps,   s' = floor((1 - eta) t)
//   x(t) = (alpha_t / alpha_s') y + sqrt(1 - (alpha_t / alpha_s')^2) z
//
// The last step stays at y, with t the first timestep of training.

#include "solvers.hpp"

namespace sched {

namespace {

NoiseLevel level_at(const StepView& step, double timestep) {
  return level_from_alpha_bar(step.schedule().alpha_bar(static_cast<int>(timestep)));
}

StepPlan plan(const StepView& step) {
  const double eta = step.options().eta;
  const bool last = step.is_last_step();
  const double time =
      last ? 0.0 : step.grid().steps[static_cast<std::size_t>(step.node().step) + 1].time;
  const NoiseLevel past = level_at(step, std::floor((1.0 - eta) * time));
  const NoiseLevel t = level_at(step, time);

  StepPlan plan = step.blank_plan();
  plan.next = past.alpha * step.denoised() + past.sigma * step.raw_epsilon();
  if (eta == 0.0 || last) return plan;
  const double ratio = t.alpha / past.alpha;
  plan.next = ratio * plan.next +
              (std::sqrt(std::fmax(0.0, vp_difference(t, past))) / past.alpha) * step.noise();
  plan.draws = 1;
  return plan;
}

}  // namespace

const Solver kTcd = {"tcd",
                     "Zheng et al. 2024, arXiv:2402.19159",
                     plan,
                     expand_single,
                     {no_rows, one_draw, 1, order_is<1>, Noise::optional},
                     kVp};

}  // namespace sched

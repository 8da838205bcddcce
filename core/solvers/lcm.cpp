// LCM: multistep consistency sampling.
// Luo et al. 2023, arXiv:2310.04378; Song et al. 2023, arXiv:2303.01469, algorithm 1.
//
//   C = c_out D + c_skip x,   x(t) = alpha_t C + sigma_t z,   the last step is C
//   c_skip = d^2 / (k^2 + d^2),   c_out = k / sqrt(k^2 + d^2),   k = timestep * scaling

#include "solvers.hpp"

namespace sched {

namespace {

constexpr double kSigmaData = 0.5;

StepPlan plan(const StepView& step) {
  const double k = step.node().time * step.options().timestep_scaling;
  const double square = k * k + kSigmaData * kSigmaData;
  const LinearForm clean = (k / std::sqrt(square)) * step.denoised() +
                           (kSigmaData * kSigmaData / square) * step.sample();
  StepPlan plan = step.blank_plan();
  plan.preview = clean;
  plan.next = clean;
  if (!step.is_last_step()) {
    plan.next = step.to().alpha * clean + step.to().sigma * step.noise();
    plan.draws = 1;
  }
  return plan;
}

}  // namespace

const Solver kLcm = {"lcm",
                     "Luo et al. 2023, arXiv:2310.04378",
                     plan,
                     expand_single,
                     {no_rows, one_draw, 1, order_is<1>, Noise::always},
                     kAnyFrame};

}  // namespace sched

// Euler ancestral: an Euler step below the target, then noise back up to it.
// k-diffusion, Crowson 2022; the split is DDPM's of Ho et al. 2020, arXiv:2006.11239.
//
//   up^2 = t^2 (s^2 - t^2) / s^2,   down^2 = t^2 - up^2 = t^4 / s^2    (eta 1)
//   x(t) = x + (down - s) (x - D) / s + up z

#include "../plan/solver.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const double s = step.from().sigma;
  const AncestralSplit split = ancestral_split(step.from(), step.to(), 1.0);
  StepPlan plan = step.blank_plan();
  plan.next = step.sample() + ((split.down - s) / s) * (step.sample() - step.denoised()) +
              split.up * step.noise();
  plan.draws = 1;
  return plan;
}

}  // namespace

extern const Solver kEulerAncestral;
const Solver kEulerAncestral = {"euler_ancestral",
                                "k-diffusion, Crowson 2022; Ho et al. 2020, arXiv:2006.11239",
                                plan,
                                expand_single,
                                no_rows,
                                one_draw,
                                1,
                                1,
                                2,
                                false,
                                true,
                                false};

}  // namespace sched

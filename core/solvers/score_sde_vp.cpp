// The reverse VP SDE by Euler and Maruyama.
// Song et al. 2020, arXiv:2011.13456, eq. 6 and 32.
//
//   x(t) = x + B (x / 2 + score) + sqrt(B) z,   score = -eps / sigma_s
//   B = integral of beta from t to s = 2 ln(alpha_t / alpha_s)

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const GridSpec& spec = step.spec();
  double B = 2.0 * std::log(step.to().alpha / s.alpha);
  if (step.options().quirk_beta_at_start) {
    // diffusers (as the paper's code): beta at the beginning of the step, times 1 / n.
    B = (spec.beta_min + step.node().time * (spec.beta_max - spec.beta_min)) / step.grid().total();
  }
  StepPlan plan = step.blank_plan();
  plan.next = (1.0 + 0.5 * B) * step.sample() - (B / s.sigma) * step.epsilon() +
              std::sqrt(B) * step.noise();
  plan.draws = 1;
  return plan;
}

}  // namespace

const Solver kScoreSdeVp = {"score_sde_vp",
                            "Song et al. 2020, arXiv:2011.13456",
                            plan,
                            expand_single,
                            {no_rows, one_draw, 1, order_is<1>, Noise::always},
                            kVp};

}  // namespace sched

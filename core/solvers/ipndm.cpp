// iPNDM: the DDIM step with the noise extrapolated by Adams-Bashforth of order 4, which
// starts at order 1 instead of by Runge-Kutta.
// Zhang and Chen 2022, arXiv:2204.13902 (iPNDM); Liu et al. 2022, arXiv:2202.09778, eq. 12.
//
//   E    = (55 e - 59 e1 + 37 e2 - 9 e3) / 24
//   x(t) = alpha_t (x - sigma_s E) / alpha_s + sigma_t E
//
// With x = alpha_s D + sigma_s e, the quotient is D - (sigma_s / alpha_s) (E - e).  With
// alpha 1 this is Adams-Bashforth in sigma.

#include "../plan/adams_bashforth.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const LinearForm eps = step.raw_epsilon();
  const LinearForm sum = adams_bashforth(step, eps);

  StepPlan plan = step.blank_plan();
  LinearForm clean = step.denoised();
  if (step.history() > 0) clean = clean - s.ve_sigma() * (sum - eps);
  // diffusers: (x - sigma E) / alpha is 0 / 1e-8 at alpha = 0.
  if (s.is_pure_noise() && step.options().quirk_lost_x0) clean = {};
  plan.next = t.alpha * clean + t.sigma * sum;
  plan.keep(step.ring_slot(kAdamsRows), eps);
  return plan;
}

int rows(const SolverOptions&) { return kAdamsRows; }

}  // namespace

const Solver kIpndm = {"ipndm",       "Zhang and Chen 2022, arXiv:2204.13902",        plan,
                       expand_single, {rows, no_draws, 1, order_is<2>, Noise::never}, kVp | kVe};

}  // namespace sched

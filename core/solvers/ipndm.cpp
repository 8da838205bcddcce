// iPNDM: the DDIM step with the noise extrapolated by Adams-Bashforth of order 4 or
// less, which starts at order 1 instead of by Runge-Kutta.
// Zhang and Chen 2022, arXiv:2204.13902 (iPNDM); Liu et al. 2022, arXiv:2202.09778, eq. 12.
//
//   E    = (55 e - 59 e1 + 37 e2 - 9 e3) / 24
//   x(t) = alpha_t (x - sigma_s E) / alpha_s + sigma_t E
//
// With x = alpha_s D + sigma_s e, the quotient is D - (sigma_s / alpha_s) (E - e).  With
// alpha 1 this is Adams-Bashforth in sigma, as it is in the flow frame: there the slopes
// d = (x - D) / sigma are extrapolated, as ComfyUI does.

#include "../plan/adams_bashforth.hpp"
#include "sigma_adams.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

LinearForm in_flow(const StepView& step) {
  const double distance = step.to().sigma - step.from().sigma;
  return step.sample() + distance * adams_bashforth(step, step.slope(), step.options().order);
}

LinearForm in_noise(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const LinearForm eps = step.raw_epsilon();
  const LinearForm sum = adams_bashforth(step, eps, step.options().order);
  LinearForm clean = step.denoised();
  if (step.history() > 0) clean = clean - s.ve_sigma() * (sum - eps);
  // diffusers: (x - sigma E) / alpha is 0 / 1e-8 at alpha = 0.
  if (s.is_pure_noise() && step.options().quirk_lost_x0) clean = {};
  return t.alpha * clean + t.sigma * sum;
}

StepPlan plan(const StepView& step) {
  const int rows = step.options().order - 1;
  const bool flow = step.frame() == Frame::flow;
  StepPlan plan = step.blank_plan();
  plan.next = flow ? in_flow(step) : in_noise(step);
  if (step.options().euler_at_data && step.ends_at_data()) plan.next = step.denoised();
  if (rows > 0) plan.keep(step.ring_slot(rows), flow ? step.slope() : step.raw_epsilon());
  return plan;
}

// The weights are those of an even grid.
int order(const SolverOptions& options) { return std::min(options.order, 2); }

}  // namespace

const Solver kIpndm = {"ipndm",       "Zhang and Chen 2022, arXiv:2204.13902",           plan,
                       expand_single, {rows_by_order, no_draws, 1, order, Noise::never}, kAnyFrame};

}  // namespace sched

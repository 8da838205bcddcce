// DEIS: exponential Adams-Bashforth on the noise prediction.
// Zhang and Chen 2022, arXiv:2204.13902, eq. 14 and 15; the polynomials are in log rho
// where the paper has them in t, as diffusers does ("logrho").
//
//   x(t) = alpha_t (x / alpha_s + sum_k E_k integral_rho(s)^rho(t) L_k(log rho) drho)
//
// with rho = sigma / alpha = e^-lambda, so that the integral is one over log SNR:
//   x(t) = alpha_t D + sigma_t E_0 - sigma_t h sum_k w_k (E_k - E_0)
//   w_k  = integral_0^1 e^(h (1 - u)) L_k(u) du

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const int rows = step.options().order - 1;
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const LinearForm eps = step.epsilon();

  Predictions points;
  points.add(eps, s.log_snr());
  const int order = multistep_order(step);
  points.add_past(step, rows, 1, order);
  const double h = t.log_snr() - s.log_snr();

  StepPlan plan = step.blank_plan();
  // The terms in x and E_0 as DDIM has them: that form holds at pure noise and at clean data.
  plan.next = t.alpha * step.denoised() + t.sigma * eps;
  if (order > 1) {
    plan.next = plan.next - (t.sigma * h) * adams_differences(points, s.log_snr(), h, h);
  }
  if (rows > 0) plan.keep(step.ring_slot(rows), eps);
  return plan;
}

int rows(const SolverOptions& options) { return options.order - 1; }

}  // namespace

const Solver kDeis = {"deis",        "Zhang and Chen 2022, arXiv:2204.13902",        plan,
                      expand_single, {rows, no_draws, 1, order_asked, Noise::never}, kAnyFrame};

}  // namespace sched

// LMS: linear multistep (Adams-Bashforth) in sigma, exact on the actual grid.
// Katherine Crowson 2022, k-diffusion; Hairer, Norsett, Wanner, III.1.
//
//   x(t) = x + sum_k d_k  integral_s^t  L_k(sigma) dsigma,   d = (x - D) / sigma
//
// L_k is the Lagrange polynomial through the last sigmas.  DEIS with polynomials in rho is the
// same (Zhang and Chen 2022, arXiv:2204.13902, rhoAB).

#include "sigma_adams.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  return sigma_adams_plan(step, sigma_adams_weights(step, sigma_adams_order(step)));
}

}  // namespace

const Solver kLms = {"lms",
                     "k-diffusion, Crowson 2022",
                     plan,
                     expand_single,
                     {rows_by_order, no_draws, 1, order_asked, Noise::never},
                     kVe | kFlow};

}  // namespace sched

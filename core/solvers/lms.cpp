// LMS: linear multistep (Adams-Bashforth) in sigma, exact on the actual grid.
// Katherine Crowson 2022, k-diffusion; Hairer, Norsett, Wanner, III.1.
//
//   x(t) = x + sum_k d_k  integral_s^t  L_k(sigma) dsigma,   d = (x - D) / sigma
//
// L_k is the Lagrange polynomial through the last sigmas.

#include "../plan/math.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  const int rows = step.options().order - 1;
  const int order = std::min(step.history() + 1, step.options().order);
  Few<double> sigmas;
  for (int age = 0; age < order; ++age) sigmas.push_back(step.from(age).sigma);

  const LinearForm slope = step.slope();
  StepPlan plan = step.blank_plan();
  plan.next = step.sample();
  for (int age = 0; age < order; ++age) {
    const double weight = integrate_lagrange(sigmas, age, step.from().sigma, step.to().sigma);
    plan.next = plan.next + weight * (age == 0 ? slope : step.past(age, rows));
  }
  if (rows > 0) plan.keep(step.ring_slot(rows), slope);
  return plan;
}

int rows(const SolverOptions& options) { return options.order - 1; }

}  // namespace

const Solver kLms = {"lms",
                     "k-diffusion, Crowson 2022",
                     plan,
                     expand_single,
                     {rows, no_draws, 1, order_asked, Noise::never},
                     kVe | kFlow};

}  // namespace sched

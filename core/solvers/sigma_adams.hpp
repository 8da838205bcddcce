// Adams methods in sigma: what those share that step with past slopes of the
// probability-flow ODE, d = dx / dsigma, which is the same in the ve and the flow frame.
//
//   x(t) = x + sum_k w_k d_k

#pragma once

#include <algorithm>

#include "../plan/math.hpp"
#include "../plan/solver.hpp"

namespace sched {

inline int sigma_adams_order(const StepView& step) {
  if (step.options().euler_at_data && step.ends_at_data()) return 1;
  return std::min(step.history() + 1, step.options().order);
}

// w_k = integral_s^t L_k(sigma) dsigma, L_k the Lagrange polynomial through the sigmas at
// which the last `order` slopes were taken.
inline Few<double> sigma_adams_weights(const StepView& step, int order) {
  Few<double> sigmas;
  for (int age = 0; age < order; ++age) sigmas.push_back(step.from(age).sigma);
  Few<double> weights;
  for (int age = 0; age < order; ++age) {
    weights.push_back(integrate_lagrange(sigmas, age, step.from().sigma, step.to().sigma));
  }
  return weights;
}

inline StepPlan sigma_adams_plan(const StepView& step, const Few<double>& weights) {
  const int rows = step.options().order - 1;
  const LinearForm slope = step.slope();
  StepPlan plan = step.blank_plan();
  plan.next = step.sample();
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const int age = static_cast<int>(k);
    plan.next = plan.next + weights[k] * (age == 0 ? slope : step.past(age, rows));
  }
  if (rows > 0) plan.keep(step.ring_slot(rows), slope);
  return plan;
}

inline int rows_by_order(const SolverOptions& options) { return options.order - 1; }

}  // namespace sched

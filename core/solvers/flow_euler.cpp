// Flow-match Euler: Euler in sigma, or, where sampling is stochastic, clean and noise again.
// Lipman et al. 2022, arXiv:2210.02747; Esser et al. 2024, arXiv:2403.03206.
//
//   x(t) = x + (t - s) v          or          x(t) = (1 - t) D + t z

#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  if (!step.options().stochastic) return kEuler.plan(step);
  StepPlan plan = step.blank_plan();
  plan.next = step.to().alpha * step.denoised() + step.to().sigma * step.noise();
  plan.draws = 1;
  return plan;
}

int draws(const SolverOptions& options) { return options.stochastic ? 1 : 0; }

}  // namespace

const Solver kFlowEuler = {"flow_match_euler",
                           "Lipman et al. 2022, arXiv:2210.02747",
                           plan,
                           expand_single,
                           {no_rows, draws, 1, order_is<1>, Noise::optional},
                           kFlow};

}  // namespace sched

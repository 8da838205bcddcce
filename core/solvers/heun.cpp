// Heun: the second-order step of the probability-flow ODE in sigma.
// Karras et al. 2022, arXiv:2206.00364, algorithm 1.
//
//   d1 = (x - D(x, s)) / s,   y = x + (t - s) d1
//   d2 = (y - D(y, t)) / t,   x(t) = x + (t - s) (d1 + d2) / 2
//
// The first call keeps x + (t - s) d1 / 2, the only thing that the second needs.

#include "solvers.hpp"

namespace sched {

namespace {

// diffusers: in flow matching the noise comes after the call, as if the sample were in the
// ve frame; the second call draws as well, and adds nothing.
StepPlan churned(const StepView& step, double gamma) {
  const double s = step.from().sigma;
  const double hat = s * (1.0 + gamma);
  const double distance = step.to().sigma - hat;
  StepPlan plan = step.blank_plan();
  plan.draws = 1;
  if (step.node().stage == 1) {
    plan.next = step.memory(0) + (0.5 * distance) * step.slope();
    return plan;
  }
  const double added = churn_noise(step.options(), s, hat);
  const LinearForm x = step.sample() + added * step.noise();
  const LinearForm slope = (s / hat) * step.slope();
  plan.next = x + distance * slope;
  if (!step.node().ends_step) plan.keep(0, x + (0.5 * distance) * slope);
  return plan;
}

StepPlan plan(const StepView& step) {
  if (step.options().churn_place == ChurnPlace::after_call) {
    const double gamma = churn_of(step.options(), step.from().sigma);
    if (gamma > 0.0) return churned(step, gamma);
  }
  const double distance = step.to().sigma - step.from().sigma;
  const LinearForm slope = step.slope();
  StepPlan plan = step.blank_plan();
  if (step.node().stage == 0) {
    plan.next = step.sample() + distance * slope;
    if (!step.node().ends_step) plan.keep(0, step.sample() + (0.5 * distance) * slope);
  } else {
    plan.next = step.memory(0) + (0.5 * distance) * slope;
  }
  return plan;
}

// A second call at the end of each step, except where the step ends at clean data: there
// the slope is not defined, and the step stays Euler's.
void expand(const Expansion& expansion) {
  TimeGrid& grid = expansion.grid;
  for (int i = grid.begin; i < grid.end; ++i) {
    const GridStep& step = grid.steps[static_cast<std::size_t>(i)];
    const bool two_calls = !step.to.is_data() && i + 1 < grid.total();
    Node first = begin_step(expansion, i);
    first.ends_step = !two_calls;
    grid.nodes.push_back(first);
    if (!two_calls) continue;
    const double time = grid.steps[static_cast<std::size_t>(i) + 1].time;
    grid.nodes.push_back({time, step.to, first.from, step.to, i, 1, first.history, true});
  }
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kHeun = {"heun",
                      "Karras et al. 2022, arXiv:2206.00364",
                      plan,
                      expand,
                      {rows, draw_with_churn, 2, order_is<2>, Noise::optional},
                      kVe | kFlow};

}  // namespace sched

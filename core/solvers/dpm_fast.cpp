// DPM-Solver-fast: single steps of order 3 over an even grid in log SNR, for a budget of
// model calls; what is left of the budget makes the last steps of lower order.
// Lu et al. 2022, arXiv:2206.00927, section 3.4 and appendix B; eta as in k-diffusion.

#include "dpm_stages.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// n calls make floor(n / 3) + 1 steps.
int steps_for(int calls) { return calls < 1 ? 0 : calls / 3 + 1; }

int order_of_step(int calls, int steps, int i) {
  const int left = steps - i;
  if (calls % 3 != 0) return left == 1 ? calls % 3 : 3;
  return left <= 2 ? left : 3;
}

NoisyStep noisy_step(Frame frame, const SolverOptions& options, const TimeGrid& grid, int i) {
  const GridStep& step = grid.steps[static_cast<std::size_t>(i)];
  return {frame, step.from.log_snr(), step.to.log_snr(), grid.steps.back().to.log_snr(),
          options.eta};
}

StepPlan plan(const StepView& step) {
  const Node& node = step.node();
  const int order = order_of_step(step.options().calls, step.grid().total(), node.step);
  const NoisyStep noisy = noisy_step(step.frame(), step.options(), step.grid(), node.step);
  const DpmStages stages(step.frame(), step.from().log_snr(), noisy.h);

  StepPlan plan = step.blank_plan();
  plan.next = stages.result(step, order, node.stage);
  if (node.stage == 0 && order > 1) stages.keep_start(step, plan);
  if (node.ends_step) noisy.add_noise(step, stages.level(1.0), step.to(), plan);
  return plan;
}

void expand(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    const GridStep& step = e.grid.steps[static_cast<std::size_t>(i)];
    const int order = order_of_step(e.options.calls, e.grid.total(), i);
    const NoisyStep noisy = noisy_step(e.spec.frame, e.options, e.grid, i);
    const DpmStages stages(e.spec.frame, step.from.log_snr(), noisy.h);
    for (int stage = 0; stage < order; ++stage) {
      Node node = begin_step(e, i);
      node.stage = stage;
      node.ends_step = stage + 1 == order;
      if (stage > 0) {
        node.level = stages.level(DpmStages::place(order, stage));
        node.time = time_of_level(e.spec, e.schedule, node.level);
      }
      if (!node.ends_step) node.to = stages.level(DpmStages::place(order, stage + 1));
      e.grid.nodes.push_back(node);
    }
  }
}

int rows(const SolverOptions&) { return 2; }

}  // namespace

const Solver kDpmFast = {"dpm_fast",
                         "Lu et al. 2022, arXiv:2206.00927",
                         plan,
                         expand,
                         {rows, draw_with_eta, 1, order_is<3>, Noise::optional},
                         kVp | kVe,
                         nullptr,
                         nullptr,
                         steps_for};

}  // namespace sched

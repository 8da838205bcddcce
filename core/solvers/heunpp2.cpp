// Heun++: a step in sigma with the slopes here, at its end and at the end of the next step, which
// count the more the noisier they are.  Of order 1.
// Carzit, sd-webui-samplers-scheduler; ComfyUI's sample_heunpp2.
//
//   x2 = x + (t - s) d,   x3 = x2 + (u - t) d2,   u where the next step ends
//   x(t) = x + (t - s) (w1 d + w2 d2 + w3 d3)
//   w2 = t / (3 s0),   w3 = u / (3 s0),   w1 = 1 - w2 - w3,   s0 where the first step begins
//
// The last step but one has no d3, and 2 s0 for 3 s0; the last is Euler's.  Each call adds its
// part to what slot 0 keeps: x and the slopes so far.

#include <algorithm>

#include "solvers.hpp"

namespace sched {

namespace {

int calls_of(const TimeGrid& grid, int step) { return std::min(3, grid.total() - step); }

// The weight of the slope that call `stage` takes.
double weight_of(const TimeGrid& grid, int step, int stage) {
  const int calls = calls_of(grid, step);
  const auto begins = [&](int later) {
    return grid.steps[static_cast<std::size_t>(step + later)].from.sigma;
  };
  const double scale = calls * grid.steps[0].from.sigma;
  if (stage > 0) return begins(stage) / scale;
  double weight = 1.0;
  for (int later = 1; later < calls; ++later) weight -= begins(later) / scale;
  return weight;
}

StepPlan plan(const StepView& step) {
  const Node& node = step.node();
  const LinearForm slope = step.slope();
  const NoiseLevel& end = step.grid().steps[static_cast<std::size_t>(node.step)].to;
  const double weight = weight_of(step.grid(), node.step, node.stage);
  const LinearForm begun = node.stage == 0 ? step.sample() : step.memory(0);
  const LinearForm sum = begun + (weight * (end.sigma - step.from().sigma)) * slope;

  StepPlan plan = step.blank_plan();
  if (node.ends_step) {
    plan.next = sum;
    return plan;
  }
  plan.next = step.sample() + (step.to().sigma - node.level.sigma) * slope;
  plan.keep(0, sum);
  return plan;
}

void expand(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node node = begin_step(e, i);
    const NoiseLevel end = node.to;
    const int calls = calls_of(e.grid, i);
    for (int stage = 0; stage < calls; ++stage) {
      const GridStep& ahead = e.grid.steps[static_cast<std::size_t>(i + stage)];
      node.stage = stage;
      node.ends_step = stage + 1 == calls;
      node.to = node.ends_step ? end : ahead.to;
      if (stage > 0) {
        node.level = ahead.from;
        node.time = ahead.time;
        node.added_noise = 0.0;
      }
      e.grid.nodes.push_back(node);
    }
  }
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kHeunpp2 = {
    "heunpp2", "Carzit, sd-webui-samplers-scheduler; ComfyUI",           plan,
    expand,    {rows, draw_with_churn, 3, order_is<1>, Noise::optional}, kVe | kFlow};

}  // namespace sched

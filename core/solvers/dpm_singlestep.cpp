// DPM-Solver singlestep: Runge-Kutta in log SNR whose stages are the points of the grid.
// Lu et al. 2022, arXiv:2206.00927, algorithms 1 and 2; data prediction: arXiv:2211.01095,
// algorithm 1.
//
// A cycle of `order` calls begins at s.  Its calls take the sample from s to one grid
// point after the other, with one prediction more each time; h is the distance from s:
//   order 1:            c0 M0
//   order 2:            c0 M0 + c1 D,                 D = (M1 - M0) / r1
//   order 3, midpoint:  c0 M0 + c1 (M2 - M0) / r2
//   order 3, heun:      c0 M0 + c1 (r2 D1 - r1 D2) / (r2 - r1) + 2 c2 (D2 - D1) / (r2 - r1)
// and the update of dpm_multistep with these sums.  Slot 0 holds the sample at s, slots 1
// and 2 the predictions before the last.

#include <algorithm>

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kStart = 0;
constexpr int kFirst = 1;
constexpr int kSecond = 2;

LinearForm combine(const StepView& step, const LinearForm& now) {
  const Node& node = step.node();
  const double start = node.from.log_snr();
  const double h = node.to.log_snr() - start;
  const DpmWeights w = dpm_weights(step.options(), h, node.stage + 1);
  if (node.stage == 0) return w.c0 * now;
  const LinearForm first = step.memory(kFirst);
  const double r = (node.level.log_snr() - start) / h;
  // Repeated timesteps leave no distance to take a difference over.
  if (h == 0.0 || r == 0.0) return w.c0 * first;
  const LinearForm d = (now - first) / r;
  if (node.stage == 1 || step.options().type == DpmType::midpoint) return w.c0 * first + w.c1 * d;
  const double r1 = (step.from(1).log_snr() - start) / h;
  if (r1 == 0.0 || r1 == r) return w.c0 * first + w.c1 * d;
  const LinearForm d1 = (step.memory(kSecond) - first) / r1;
  return w.c0 * first + (w.c1 / (r - r1)) * (r * d1 - r1 * d) + (2.0 * w.c2 / (r - r1)) * (d - d1);
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const int stage = step.node().stage;
  const LinearForm now = predicts_data(options.algorithm) ? step.denoised() : step.epsilon();
  const LinearForm x = stage == 0 ? step.sample() : step.memory(kStart);

  StepPlan plan = step.blank_plan();
  dpm_update(step, x, step.from(), step.to(), combine(step, now), plan);
  if (stage == 0 && options.order > 1) {
    plan.keep(kStart, x);
    plan.keep(kFirst, now);
  }
  if (stage == 1 && options.order > 2) plan.keep(kSecond, now);
  return plan;
}

// Cycles are counted from the beginning of the whole schedule.  A full cycle at its end
// gives way to one that ends with a step of order 1, as asked for, and where the end is
// clean data: there h is infinite.
bool lowers_last(const Expansion& e) {
  const int n = e.grid.total();
  return e.grid.steps.back().to.is_data() ||
         (e.options.lower_order_final && n % e.options.order == 0);
}

void expand(const Expansion& e) {
  TimeGrid& grid = e.grid;
  refuse_noise_at_data(e);
  const bool lower = lowers_last(e);
  // A loop may begin within a cycle, and pure noise has no finite log SNR for one.
  const auto level = [&](int i) { return grid.steps[static_cast<std::size_t>(i)].from; };
  const int first = grid.begin + (level(grid.begin).is_pure_noise() ? 1 : 0);
  for (int i = grid.begin; i < grid.end; ++i) {
    const GridStep& step = grid.steps[static_cast<std::size_t>(i)];
    const bool last = i + 1 == grid.total();
    const int stage = last && lower ? 0 : std::max(0, std::min(i % e.options.order, i - first));
    grid.nodes.push_back({step.time, step.from, level(i - stage), step.to, i, stage, stage, true});
  }
}

int rows(const SolverOptions& options) { return options.order > 1 ? options.order : 0; }
int draws(const SolverOptions& options) { return is_sde(options.algorithm) ? 1 : 0; }

}  // namespace

const Solver kDpmSinglestep = {
    "dpm_singlestep", "Lu et al. 2022, arXiv:2206.00927 and arXiv:2211.01095", plan,
    expand,           {rows, draws, 1, order_asked, Noise::optional},          kAnyFrame};

}  // namespace sched

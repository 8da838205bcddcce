// PNDM: pseudo numerical methods on the noise prediction; a Runge-Kutta start, then
// Adams-Bashforth of order 4 (PLMS).
// Liu et al. 2022, arXiv:2202.09778, eq. 9 (transfer), 11 to 13.
//
//   T(x, e): x(t) = sqrt(a_t / a_s) x - (a_t - a_s) e / (a_s sqrt(1 - a_t) + sqrt(a_s (1 - a_s)
//   a_t))
//
// with a = alpha^2.  Slots 0 to 2 hold past noise predictions, slot 3 the sample at the
// beginning of the step, slot 4 the Runge-Kutta sum.

#include "../plan/adams_bashforth.hpp"
#include "../status.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kPast = kAdamsRows;
constexpr int kStart = 3;
constexpr int kSum = 4;

// Stages 0 to 3 are Runge-Kutta's; these follow.
enum Stage { runge_kutta_last = 3, multistep = 4, multistep_first = 5, repeat = 6 };

LinearForm transfer(const LinearForm& x, const LinearForm& eps, const NoiseLevel& s,
                    const NoiseLevel& t) {
  const double scale = s.alpha * (s.alpha * t.sigma + s.sigma * t.alpha);
  return (t.alpha / s.alpha) * x - (vp_difference(s, t) / scale) * eps;
}

// diffusers: the multistep sum is of the network's raw answers; v becomes noise only
// after it, with the level and sample at the beginning of the step.
LinearForm move(const StepView& step, const LinearForm& x, const LinearForm& sum) {
  const Node& node = step.node();
  const NoiseLevel& s = node.from;
  const LinearForm eps = step.predicts_v() ? s.alpha * sum + s.sigma * x : sum;
  return transfer(x, eps, s, node.to);
}

void plan_runge_kutta(const StepView& step, StepPlan& plan) {
  const LinearForm f = step.prediction();
  const int stage = step.node().stage;
  const LinearForm x = stage == 0 ? step.sample() : step.memory(kStart);
  const LinearForm before = stage == 0 ? LinearForm{} : step.memory(kSum);
  if (stage == runge_kutta_last) {
    plan.next = move(step, x, before + f / 6.0);
    return;
  }
  plan.next = move(step, x, f);
  plan.keep(kSum, before + f / (stage == 0 ? 6.0 : 3.0));
  if (stage == 0) {
    plan.keep(step.ring_slot(kPast), f);
    plan.keep(kStart, x);
  }
}

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  const int stage = step.node().stage;
  if (stage <= runge_kutta_last) {
    plan_runge_kutta(step, plan);
  } else if (stage == repeat) {
    plan.next = move(step, step.memory(kStart), (step.prediction() + step.past(1, kPast)) / 2.0);
  } else {
    plan.next = move(step, step.sample(), adams_bashforth(step, step.prediction()));
    plan.keep(step.ring_slot(kPast), step.prediction());
    if (stage == multistep_first) plan.keep(kStart, step.sample());
  }
  return plan;
}

// Four calls: at the beginning, twice half a stride on, and a stride on.
void add_runge_kutta(const Expansion& e, int i, int history) {
  const GridStep& step = e.grid.steps[static_cast<std::size_t>(i)];
  const int time = static_cast<int>(step.time);
  const int stride = stride_of(e.schedule, e.grid.total());
  const int half = time - stride / 2;
  // diffusers: the next call stands on the list's next entry, whatever the stride.
  const int next = static_cast<int>(e.grid.steps[static_cast<std::size_t>(i) + 1].time);
  const int middle = next + stride / 2;
  const auto level = [&](int t) { return table_level(e.spec, e.schedule, t); };
  const auto add = [&](int at, int to, int stage, int kept) {
    e.grid.nodes.push_back({static_cast<double>(at), level(at), step.from, level(to), i, stage,
                            kept, stage == runge_kutta_last});
  };
  add(time, half, 0, history);
  add(middle, middle, 1, history + 1);
  add(middle, middle - stride / 2, 2, history + 1);
  add(next, next, 3, history + 1);
}

void add_multistep(const Expansion& e, int i, int stage, int history) {
  const GridStep& step = e.grid.steps[static_cast<std::size_t>(i)];
  e.grid.nodes.push_back({step.time, step.from, step.from, step.to, i, stage, history, true});
}

// Without Runge-Kutta the first step is taken twice: Euler, then with the mean of both
// ends' predictions.  The second call stands at the next timestep.
void add_repeat(const Expansion& e, int i) {
  const auto k = static_cast<std::size_t>(i);
  e.grid.nodes.back().ends_step = false;
  const GridStep& next = e.grid.steps[k + 1];
  // diffusers: the repeated step goes from a stride above the next timestep down to it.
  const int time = static_cast<int>(next.time);
  const int above = time + stride_of(e.schedule, e.grid.total());
  const NoiseLevel from = above < e.schedule.train_steps() ? table_level(e.spec, e.schedule, above)
                                                           : e.grid.steps[k].from;
  e.grid.nodes.push_back({next.time, next.from, from, next.from, i, repeat, 1, true});
}

void expand(const Expansion& e) {
  const int count = e.grid.end - e.grid.begin;
  int i = e.grid.begin;
  int history = 0;
  if (e.options.skip_runge_kutta) {
    add_multistep(e, i, multistep_first, history++);
    if (count > 1) add_repeat(e, i);
    ++i;
  } else {
    if (count < kPast || e.grid.total() - i <= kPast) {
      fail(Status::steps, "the Runge-Kutta start of PNDM needs at least 4 steps, but ",
           e.grid.total() - i, " are left; set skip_prk_steps to true for fewer");
    }
    for (; history < kPast; ++history) add_runge_kutta(e, i++, history);
  }
  for (; i < e.grid.end; ++i) add_multistep(e, i, multistep, history++);
}

int rows(const SolverOptions& options) { return options.skip_runge_kutta ? kSum : kSum + 1; }

}  // namespace

const Solver kPndm = {"pndm",
                      "Liu et al. 2022, arXiv:2202.09778",
                      plan,
                      expand,
                      {rows, no_draws, 1, order_is<2>, Noise::never},
                      kVp};

}  // namespace sched

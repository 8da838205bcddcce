// Noise that is added without asking the model, and where churn puts it.
// Karras et al. 2022, arXiv:2206.00364, algorithm 2; for any frame the forward transition of
// Ho et al. 2020, arXiv:2006.11239, eq. 2:
//
//   x(t) = (alpha_t / alpha_s) x + sqrt(sigma_t^2 - (alpha_t / alpha_s)^2 sigma_s^2) z

#include "solver.hpp"

namespace sched {

double churn_of(const SolverOptions& options, double sigma) {
  if (sigma < options.churn_min || sigma > options.churn_max) return 0.0;
  return std::fmin(options.churn, std::sqrt(2.0) - 1.0);
}

double churn_noise(const SolverOptions& options, double sigma, double hat) {
  return options.noise_scale * std::sqrt((hat - sigma) * (hat + sigma));
}

StepPlan plan_renoise(const StepView& step) {
  const NoiseLevel& s = step.node().level;
  const NoiseLevel& t = step.to();
  const double ratio = t.alpha / s.alpha;
  const double variance = transition_variance(step.frame(), t, s);
  const double added = std::sqrt(std::fmax(0.0, variance));
  StepPlan plan;
  plan.next = ratio * step.sample() + (step.options().noise_scale * added) * step.noise();
  plan.preview = LinearForm{};
  plan.draws = 1;
  return plan;
}

Node begin_step(const Expansion& e, int i) {
  const GridStep& step = e.grid.steps[static_cast<std::size_t>(i)];
  Node node{step.time, step.from, step.from, step.to, i, 0, i - e.grid.begin, true};
  const ChurnPlace place = e.options.churn_place;
  if (place == ChurnPlace::after_call) return node;
  const NoiseLevel hat = {step.from.alpha,
                          step.from.sigma * (1.0 + churn_of(e.options, step.from.sigma))};
  node.level = node.from = hat;
  if (hat.sigma > step.from.sigma) node.time = time_of_level(e.spec, e.schedule, hat);
  if (place == ChurnPlace::own_call) {
    Node churn{step.time, step.from, step.from, hat, i, 0, node.history, false, false};
    e.grid.nodes.push_back(churn);
  } else if (hat.sigma > step.from.sigma) {
    node.added_noise = churn_noise(e.options, step.from.sigma, hat.sigma);
  }
  return node;
}

void expand_single(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) e.grid.nodes.push_back(begin_step(e, i));
}

void expand_with_middle(const Expansion& e, MiddleOf middle_of) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node first = begin_step(e, i);
    const NoiseLevel end = first.to;
    const std::optional<NoiseLevel> middle = middle_of(e, {first.time, first.from, end});
    first.to = middle.value_or(end);
    first.ends_step = !middle;
    e.grid.nodes.push_back(first);
    if (!middle) continue;
    const double time = time_of_level(e.spec, e.schedule, *middle);
    e.grid.nodes.push_back({time, *middle, first.from, end, i, 1, first.history, true});
  }
}

}  // namespace sched

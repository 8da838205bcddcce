// The reverse VE SDE, stepped by its own discretisation and corrected by Langevin dynamics.
// Song et al. 2020, arXiv:2011.13456, algorithms 2 and 4, eq. 47.
//
//   predictor:  x(t) = x + (s^2 - t^2) score + sqrt(s^2 - t^2) z,   score = (D - x) / s^2
//   corrector:  x <- x + e score + sqrt(2 e) z,   e = 2 (snr |z| / |score|)^2
//
// The norms of the corrector are means over the batch.  The predictor adds its noise at the
// last step, too: the preview is what diffusers calls prev_sample_mean there.

#include "solvers.hpp"

namespace sched {

namespace {

enum Stage { predictor = 0, corrector = 1 };

LinearForm score(const StepView& step) {
  const double s = step.from().sigma;
  return (step.denoised() - step.sample()) / (s * s);
}

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  plan.draws = 1;
  if (step.node().stage == corrector) {
    plan.next = step.sample();
    plan.measure = {Measure::norms, score(step), step.noise(), {}, 0.0, 0.0};
    return plan;
  }
  const double s = step.from().sigma;
  const double t = step.to().sigma;
  const double variance = (s - t) * (s + t);
  // Added to D rather than to x, so that nothing of x is left at the end.
  plan.next = (t / s * (t / s)) * step.sample() + (variance / (s * s)) * step.denoised() +
              std::sqrt(variance) * step.noise();
  return plan;
}

StepPlan finish(const StepView& step, const Measured& norms) {
  const double ratio = step.options().signal_to_noise * norms.second / norms.first;
  const double size = 2.0 * ratio * ratio;
  StepPlan plan = step.blank_plan();
  plan.next = step.sample() + size * score(step) + std::sqrt(2.0 * size) * step.noise();
  plan.draws = 1;
  return plan;
}

void expand(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node node = begin_step(e, i);
    Node correct = node;
    correct.stage = corrector;
    correct.to = node.from;
    correct.ends_step = false;
    e.grid.nodes.insert(e.grid.nodes.end(), static_cast<std::size_t>(e.options.correct_steps),
                        correct);
    e.grid.nodes.push_back(node);
  }
}

}  // namespace

const Solver kScoreSdeVe = {"score_sde_ve",
                            "Song et al. 2020, arXiv:2011.13456",
                            plan,
                            expand,
                            {no_rows, one_draw, 2, order_is<1>, Noise::always},
                            kVe,
                            finish};

}  // namespace sched

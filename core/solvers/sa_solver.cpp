// SA-Solver: stochastic Adams predictor-corrector in log SNR.
// Xue et al. 2023, arXiv:2309.05019, eq. 14 (predictor) and 17 (corrector), algorithm 1;
// noise prediction: its appendix.
//
//   data:  x(t) = e^(-tau^2 h) (sigma_t / sigma_s) x + sigma_t sqrt(1 - e^(-2 tau^2 h)) z
//                 + alpha_t H (phi_1(-H) M_0 + sum_k w_k (M_k - M_0)),   H = (1 + tau^2) h
//   noise: x(t) = (alpha_t / alpha_s) x + tau sigma_t sqrt(e^2h - 1) z
//                 - (1 + tau^2) sigma_t h (phi_1(h) M_0 + sum_k w_k (M_k - M_0))
//   w_k = integral_0^1 e^(v (1 - u)) L_k(u) du,   v = -H or h
//
// The corrector takes the same step with the same noise once more, the new prediction
// among the M_k; both are composed here into one plan, as for UniPC.  The terms in x and z
// are kept in the last slot, so that the noise need not be; the slots before hold past
// predictions.  With PECE the model is asked at the corrected sample once more, and only that
// prediction is kept.

#include <algorithm>

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

int ring_rows(const SolverOptions& options) {
  return std::max(options.predictor_order, options.corrector_order) - 1;
}

double tau_at(const StepView& step, int age) {
  const SolverOptions& options = step.options();
  const int later = options.tau_at_end ? 1 : 0;
  const auto i = static_cast<std::size_t>(step.node().step - age + later);
  const TimeGrid& grid = step.grid();
  // diffusers: tau is 1 for timesteps from 200 to 800, whatever their noise.
  const double time = i < grid.steps.size() ? grid.steps[i].time : 0.0;
  const double at = options.quirk_tau_by_time ? time : grid.sigmas[i];
  return at >= options.tau_end && at <= options.tau_start ? options.tau : 0.0;
}

// ComfyUI: where the schedule ends at clean data.
bool lowers_early(const StepView& step) {
  return step.options().quirk_early_lowering && step.grid().steps.back().to.is_data();
}

// The step from s to t.  Where h is infinite, a tau of 0 still counts.
struct Move {
  NoiseLevel s;
  NoiseLevel t;
  double tau;
  bool data;

  double h() const { return t.log_snr() - s.log_snr(); }
  double decay() const { return tau == 0.0 ? 0.0 : tau * tau * h(); }
  double keep() const {
    return data ? std::exp(-decay()) * (t.sigma / s.sigma) : t.alpha / s.alpha;
  }
  double noise() const {
    if (tau == 0.0) return 0.0;
    return t.sigma *
           (data ? std::sqrt(-std::expm1(-2.0 * decay())) : tau * std::sqrt(std::expm1(2.0 * h())));
  }
};

LinearForm drift(const SolverOptions& options, const Move& move, const Predictions& points) {
  const double rate = 1.0 + move.tau * move.tau;
  const double H = move.data ? rate * move.h() : move.h();
  const double v = move.data ? -H : H;
  const double start = move.s.log_snr();
  LinearForm sum = (move.data ? -std::expm1(v) : std::expm1(v)) * points.m[0];
  if (points.order() == 2 && move.data && options.quirk_half_difference) {
    // diffusers: the authors' code has the limit 1/2 of phi_2 at order 2.
    const double u = (points.log_snr[1] - start) / move.h();
    sum = sum + (0.5 * H / u) * (points.m[1] - points.m[0]);
  } else if (points.order() > 1) {
    sum = sum + H * adams_differences(points, start, move.h(), v);
  }
  return (move.data ? move.t.alpha : -rate * move.t.sigma) * sum;
}

// The sample as handed in, corrected with the prediction made from it.
LinearForm corrected_sample(const StepView& step, const LinearForm& now, bool data) {
  const SolverOptions& options = step.options();
  const int rows = ring_rows(options);
  if (options.corrector_order == 0 || step.history() == 0) return step.sample();
  const Move move{step.from(1), step.from(), tau_at(step, 1), data};
  if (move.s.is_pure_noise()) return step.sample();
  const LinearForm base = step.memory(rows);
  if (move.h() == 0.0) return base;

  int order = std::min(options.corrector_order, step.history() + 1);
  const int left = step.steps_left() + (lowers_early(step) ? 0 : 2);
  if (options.lower_order_final) order = std::min(order, left);
  Predictions points;
  if (order > 1) points.add_past(step, rows, 1, 2);
  points.add(now, move.t.log_snr());
  points.add_past(step, rows, 2, 1 + distinct_order(step, 1, order - 1));
  return base + drift(options, move, points);
}

int predictor_order(const StepView& step) {
  const SolverOptions& options = step.options();
  if (step.ends_at_data() || step.from().log_snr() == step.to().log_snr()) return 1;
  int order = std::min(options.predictor_order, step.history() + 1);
  const int left = step.steps_left() - (lowers_early(step) ? 1 : 0);
  if (options.lower_order_final) order = std::min(order, left);
  return distinct_order(step, 0, order);
}

// The step from the corrected sample x on.
StepPlan predict(const StepView& step, const LinearForm& x, const LinearForm& now, bool data) {
  const SolverOptions& options = step.options();
  const int rows = ring_rows(options);
  const Move move{step.from(), step.to(), tau_at(step, 0), data};
  const LinearForm base = move.keep() * x + (options.noise_scale * move.noise()) * step.noise();
  Predictions points;
  points.add(now, step.from().log_snr());
  points.add_past(step, rows, 1, predictor_order(step));

  StepPlan plan = step.blank_plan();
  plan.next = base + drift(options, move, points);
  plan.draws = move.noise() > 0.0 || options.quirk_idle_draw ? 1 : 0;
  if (rows > 0) plan.keep(step.ring_slot(rows), now);
  if (options.corrector_order > 0) plan.keep(rows, base);
  return plan;
}

StepPlan plan(const StepView& step) {
  const bool data = predicts_data(step.options().algorithm);
  const LinearForm now = data ? step.denoised() : step.epsilon();
  if (step.node().stage > 0) return predict(step, step.sample(), now, data);
  const LinearForm x = corrected_sample(step, now, data);
  if (step.node().ends_step) return predict(step, x, now, data);
  StepPlan plan = step.blank_plan();
  plan.next = x;
  return plan;
}

// A call of its own corrects the sample, which is not moved on; the next predicts.
void expand_pece(const Expansion& e) {
  refuse_noise_at_data(e);
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node node = begin_step(e, i);
    if (node.history > 0) {
      Node correct = node;
      correct.to = node.from;
      correct.ends_step = false;
      e.grid.nodes.push_back(correct);
      node.stage = 1;
    }
    e.grid.nodes.push_back(node);
  }
}

int rows(const SolverOptions& options) {
  return ring_rows(options) + (options.corrector_order > 0 ? 1 : 0);
}
int highest_order(const SolverOptions& options) {
  return std::max(options.predictor_order, options.corrector_order);
}
int draws(const SolverOptions& options) {
  return options.tau > 0.0 || options.quirk_idle_draw ? 1 : 0;
}

}  // namespace

const Solver kSaSolver = {"sa_solver",
                          "Xue et al. 2023, arXiv:2309.05019",
                          plan,
                          expand_multistep,
                          {rows, draws, 1, highest_order, Noise::optional},
                          kAnyFrame};

const Solver kSaSolverPece = {"sa_solver_pece",
                              "Xue et al. 2023, arXiv:2309.05019",
                              plan,
                              expand_pece,
                              {rows, draws, 2, highest_order, Noise::optional},
                              kAnyFrame};

}  // namespace sched

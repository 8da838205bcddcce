// UniPC: a unified predictor-corrector of any order, in log SNR.
// Zhao et al. 2023, arXiv:2302.04867, algorithms 5 to 8, theorem 3.1.
//
//   data:  x(t) = (sigma_t / sigma_s) x - alpha_t ((e^-h - 1) M0 + B sum_k rho_k (M_k - M0) / r_k)
//   noise: x(t) = (alpha_t / alpha_s) x - sigma_t ((e^h - 1)  M0 + B sum_k rho_k (M_k - M0) / r_k)
//   with rho from the p x p system  sum_k r_k^(i-1) rho_k = b_i;  r_k are log SNR distances
//   over h, and the corrector's last point is the new prediction itself at r = 1.
//
// One call corrects the sample that was handed in and predicts the next from it; both
// are composed here into one plan.  Slots 0 .. order-1 hold past predictions, slot
// `order` the corrected sample.

#include <algorithm>

#include "../plan/math.hpp"
#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// The right-hand sides b_1 .. b_order (appendix F): b_i = i! phi_(i+1)(hh) hh / B.
Few<double> right_sides(double scale, double hh, std::size_t order) {
  Few<double> b;
  double factorial = 1.0;
  for (int i = 1; i <= static_cast<int>(order); ++i) {
    factorial *= i;
    b.push_back(factorial * hh * phi(i + 1, hh) / scale);
  }
  return b;
}

// Weights rho for the points r: rows of powers, solved in place.
Few<double> solve_rho(const Few<double>& r, const Few<double>& b) {
  const int n = static_cast<int>(r.size());
  double matrix[64];
  Few<double> rho;
  for (std::size_t k = 0; k < r.size(); ++k) {
    double power = 1.0;
    for (int i = 0; i < n; ++i, power *= r[k]) matrix[i * n + static_cast<int>(k)] = power;
    rho.push_back(b[k]);
  }
  // A singular system leaves NaN, which init reports with the step.
  if (!solve_linear(n, matrix, rho.data())) rho[0] = NAN;
  return rho;
}

// One update from `s` to `t` on the sample x with predictions m[0] at s, m[k] at the
// levels before; `corrected` adds the prediction at t itself.
struct Update {
  NoiseLevel s;
  NoiseLevel t;
  LinearForm x;
  const LinearForm* corrected;
  Predictions points;
};

Few<double> rho_of(const Few<double>& r, double scale, double hh) {
  if (r.size() > 1) return solve_rho(r, right_sides(scale, hh, r.size()));
  // The paper fixes this weight for predictor and corrector; the system would give it
  // only in the limit.
  Few<double> half;
  half.push_back(0.5);
  return half;
}

LinearForm apply(const SolverOptions& options, const Update& u) {
  const double h = u.t.log_snr() - u.s.log_snr();
  if (h == 0.0) return u.x;
  const double hh = options.predict_x0 ? -h : h;
  const Few<LinearForm>& m = u.points.m;
  const Few<double>& log_snr = u.points.log_snr;
  const double scale = options.basis == UnipcBasis::bh1 ? hh : std::expm1(hh);  // B(h)
  Few<double> r;
  for (std::size_t k = 1; k < m.size(); ++k) r.push_back((log_snr[k] - log_snr[0]) / h);
  if (u.corrected != nullptr) r.push_back(1.0);

  LinearForm sum = std::expm1(hh) * m[0];
  // One more than points is there only with a corrected one.
  // NOLINTBEGIN(clang-analyzer-core.NullDereference)
  if (!r.empty()) {
    const Few<double> rho = rho_of(r, scale, hh);
    for (std::size_t k = 0; k < r.size(); ++k) {
      const LinearForm& point = k + 1 < m.size() ? m[k + 1] : *u.corrected;
      sum = sum + (scale * rho[k] / r[k]) * (point - m[0]);
    }
  }
  // NOLINTEND(clang-analyzer-core.NullDereference)
  return options.predict_x0 ? (u.t.sigma / u.s.sigma) * u.x - u.t.alpha * sum
                            : (u.t.alpha / u.s.alpha) * u.x - u.t.sigma * sum;
}

// The order of the prediction that step `age` steps ago made.
int order_at(const StepView& step, int age) {
  const SolverOptions& options = step.options();
  int order = std::min(options.order, step.history() - age + 1);
  if (options.lower_order_final) order = std::min(order, step.steps_left() + age);
  if (age == 0 && step.ends_at_data()) order = 1;
  return distinct_order(step, age, order);
}

LinearForm corrected_sample(const StepView& step, const LinearForm& now) {
  const SolverOptions& options = step.options();
  const auto& off = options.disable_corrector;
  const int previous = step.node().step - 1;
  if (step.history() == 0 || step.from(1).is_pure_noise() ||
      std::find(off.begin(), off.end(), previous) != off.end()) {
    return step.sample();
  }
  Update u{step.from(1), step.from(), step.memory(options.order), &now, {}};
  u.points.add_past(step, options.order, 1, 1 + order_at(step, 1));
  return apply(options, u);
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const LinearForm now = options.predict_x0 ? step.denoised() : step.raw_epsilon();
  const LinearForm x = corrected_sample(step, now);

  Update u{step.from(), step.to(), x, nullptr, {}};
  u.points.add(now, step.from().log_snr());
  u.points.add_past(step, options.order, 1, order_at(step, 0));
  StepPlan plan = step.blank_plan();
  plan.next = apply(options, u);
  plan.keep(step.ring_slot(options.order), now);
  plan.keep(options.order, x);
  return plan;
}

int rows(const SolverOptions& options) { return options.order + 1; }
// The corrector raises it by one (theorem 3.1).
int highest_order(const SolverOptions& options) { return options.order + 1; }

}  // namespace

const Solver kUnipc = {"unipc",
                       "Zhao et al. 2023, arXiv:2302.04867",
                       plan,
                       expand_single,
                       {rows, no_draws, 1, highest_order, Noise::never},
                       kAnyFrame};

}  // namespace sched

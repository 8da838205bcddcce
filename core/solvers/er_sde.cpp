// ER-SDE-Solver: the extended reverse SDE of orders 1 to 3, by differences of x0 over
// l = sigma / alpha, integrals as sums over 200 points as the authors have them.
// Cui et al. 2023, arXiv:2309.06169, algorithms 1 to 3, with ER SDE 5's noise scale f.
//
//   f(l) = l (e^(l^0.3) + 10),   r = f(lt) / f(ls)
//   x(t) = alpha_t (r x / alpha_s + (1 - r) D + c1 D' + c2 D'' + s_noise sqrt(lt^2 - (r ls)^2) z)
//   c1   = (lt - ls) + f(lt) I[1 / f],   c2 = (lt - ls)^2 / 2 + f(lt) I[(l - ls) / f]
//   D'   = (D - D1) / (ls - l1),   D'' = 2 (D' - D1') / (ls - l2)
//
// I sums from lt up to ls.

#include <algorithm>

#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kPoints = 200;
constexpr int kRows = 2;  // D of the two steps before

// f(t) / f(l), divided by e^(l^0.3), which may be more than a number can be.
double noise_ratio(double t, double l) {
  const double high = std::pow(l, 0.3);
  const double rest = 10.0 * std::exp(-high);
  return t / l * ((std::exp(std::pow(t, 0.3) - high) + rest) / (1.0 + rest));
}

// f(t) times the sums of 1 / f and of (l - s) / f.
struct Integrals {
  double one = 0.0;
  double linear = 0.0;

  Integrals(double s, double t) {
    const double step = (s - t) / kPoints;
    for (int i = 0; i < kPoints; ++i) {
      const double l = t + i * step;
      const double ratio = noise_ratio(t, l);
      one += ratio;
      linear += (l - s) * ratio;
    }
    one *= step;
    linear *= step;
  }
};

// How many of this step's and its predecessors' x0 differences can be taken over: pure noise is
// infinitely far, and a repeated level no distance away.
int order_of(const StepView& step) {
  const int most = std::min(step.options().order, step.history() + 1);
  int order = 1;
  for (; order < most; ++order) {
    const double older = step.from(order).ve_sigma();
    if (std::isinf(older) || older == step.from(order - 1).ve_sigma()) break;
  }
  return order;
}

// What orders 2 and 3 add, over alpha_t.
LinearForm corrections(const StepView& step, int order) {
  const double s = step.from().ve_sigma();
  const double t = step.to().ve_sigma();
  const double before = step.from(1).ve_sigma();
  const double h = t - s;
  const Integrals sums(s, t);
  const LinearForm rise = (step.denoised() - step.past(1, kRows)) / (s - before);
  LinearForm sum = (h + sums.one) * rise;
  if (order < 3) return sum;
  const double oldest = step.from(2).ve_sigma();
  const LinearForm old_rise = (step.past(1, kRows) - step.past(2, kRows)) / (before - oldest);
  const LinearForm bend = (2.0 / (s - oldest)) * (rise - old_rise);
  return sum + (0.5 * h * h + sums.linear) * bend;
}

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  StepPlan plan = step.blank_plan();
  if (step.options().order > 1) plan.keep(step.ring_slot(kRows), step.denoised());
  if (step.ends_at_data()) {
    plan.next = step.denoised();
    return plan;
  }
  // At pure noise r is 0, and so are r / alpha_s and r ls.
  const double r = s.is_pure_noise() ? 0.0 : noise_ratio(t.ve_sigma(), s.ve_sigma());
  const double kept = s.is_pure_noise() ? 0.0 : r / s.alpha;
  plan.next = (t.alpha * kept) * step.sample() + (t.alpha * (1.0 - r)) * step.denoised();
  const int order = order_of(step);
  if (order > 1) plan.next = plan.next + t.alpha * corrections(step, order);
  if (step.options().noise_scale == 0.0) return plan;
  const double stays = t.alpha * kept * s.sigma;
  const double up = std::sqrt(std::fmax(0.0, (t.sigma - stays) * (t.sigma + stays)));
  plan.next = plan.next + (step.options().noise_scale * up) * step.noise();
  plan.draws = 1;
  return plan;
}

int rows(const SolverOptions& options) { return options.order > 1 ? kRows : 0; }

}  // namespace

const Solver kErSde = {"er_sde",
                       "Cui et al. 2023, arXiv:2309.06169",
                       plan,
                       expand_single,
                       {rows, one_draw, 1, order_asked, Noise::always},
                       kAnyFrame};

}  // namespace sched

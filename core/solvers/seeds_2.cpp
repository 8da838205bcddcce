// SEEDS-2: a stochastic exponential integrator of two calls in log SNR, and without noise the
// exponential Runge-Kutta methods of order 2.
// Gonzalez et al. 2023, arXiv:2305.14267, algorithm 2 (data prediction); for eta 0 Hochbruck
// and Ostermann 2005, doi:10.1137/040611434, eq. 5.2 and 5.3, as RES has it (Zhang et al. 2023,
// arXiv:2308.02157).
//
//   y    = (sigma_m / sigma_s) e^(-r eta h) x + alpha_m (1 - e^(-r H)) D + sigma_m n1
//   x(t) = (sigma_t / sigma_s) e^(-eta h) x + alpha_t (1 - e^-H) D + alpha_t b (D' - D) + sigma_t n
//   H    = (1 + eta) h,   D' = D(y, m),   log SNR(m) = (1 - r) ls + r lt
//   b    = (1 - e^-H) / (2 r),   or H phi_2(-H) / r
//   n1   = s_noise sqrt(1 - e^(-2 r eta h)) z
//   n    = e^(-(1 - r) eta h) n1 + s_noise sqrt(1 - e^(-2 (1 - r) eta h)) z'
//
// Slot 0 holds x; D and n1 follow, each where it is needed.

#include "../plan/math.hpp"
#include "seeds.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

using namespace seeds;

// With the middle halfway and the first weight only D' counts.
bool needs_first(const SolverOptions& options) { return options.phi_2 || options.r != 0.5; }

// The step to `t` of length h with D and D', without its noise.
LinearForm second_order(const StepView& step, const NoiseLevel& t, double h) {
  const SolverOptions& options = step.options();
  const LinearForm x = step.memory(kStart);
  if (!needs_first(options)) return first_order(step, x, step.denoised(), t, h);
  const double H = h + decay(options, h);
  const double b = options.phi_2 ? H * phi(2, -H) / options.r : -std::expm1(-H) / (2.0 * options.r);
  const LinearForm denoised = step.memory(kDenoised);
  return first_order(step, x, denoised, t, h) + (t.alpha * b) * (step.denoised() - denoised);
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  if (step.node().stage == 0) return begin(step, needs_first(options));
  const NoiseLevel t = on_axis(step, step.to());
  const double h = t.log_snr() - on_axis(step, step.from()).log_snr();
  StepPlan plan = step.blank_plan();
  plan.next = second_order(step, t, h);
  if (noise_over(options, h) == 0.0) return plan;
  plan.next =
      plan.next + t.sigma * noise_after(step, (1.0 - options.r) * h, needs_first(options), plan);
  return plan;
}

std::optional<NoiseLevel> middle_of(const Expansion& e, const GridStep& step) {
  const NoiseLevel s = on_axis(e.spec.frame, e.options, step.from);
  const NoiseLevel t = on_axis(e.spec.frame, e.options, step.to);
  if (t.is_data() || s.is_pure_noise()) return std::nullopt;
  return level_at(e, step, e.options.r);
}

void expand(const Expansion& expansion) { expand_with_middle(expansion, middle_of); }

int rows(const SolverOptions& options) { return noise_slot(options) + (options.eta > 0.0 ? 1 : 0); }
int draws(const SolverOptions& options) { return options.eta > 0.0 ? 2 : 0; }

}  // namespace

const Solver kSeeds2 = {"seeds_2", "Gonzalez et al. 2023, arXiv:2305.14267",       plan,
                        expand,    {rows, draws, 2, order_is<2>, Noise::optional}, kAnyFrame};

}  // namespace sched

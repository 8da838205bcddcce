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

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kStart = 0;
constexpr int kDenoised = 1;

// With the middle halfway and the first weight only D' counts.
bool needs_first(const SolverOptions& options) { return options.phi_2 || options.r != 0.5; }

int noise_slot(const SolverOptions& options) { return needs_first(options) ? 2 : 1; }

// eta h of a part of the step; h is infinite from pure noise and to clean data.
double decay(const SolverOptions& options, double h) {
  return options.eta == 0.0 ? 0.0 : options.eta * h;
}

// The noise that comes in over a part of the step, in units of sigma.
double noise_over(const SolverOptions& options, double h) {
  return options.noise_scale * std::sqrt(-std::expm1(-2.0 * decay(options, h)));
}

// The step to `t` with D alone, h being its length.
LinearForm first_order(const StepView& step, const LinearForm& x, const LinearForm& denoised,
                       const NoiseLevel& t, double h) {
  const double lost = decay(step.options(), h);
  const NoiseLevel s = on_axis(step, step.from());
  return (t.sigma / s.sigma * std::exp(-lost)) * x - (t.alpha * std::expm1(-h - lost)) * denoised;
}

// A step of one call, or the first of two.
StepPlan begin(const StepView& step) {
  const NoiseLevel t = on_axis(step, step.to());
  const double h = t.log_snr() - on_axis(step, step.from()).log_snr();
  const double noise = noise_over(step.options(), h);
  StepPlan plan = step.blank_plan();
  if (step.ends_at_data()) {
    plan.next = step.denoised();
    return plan;
  }
  plan.next = first_order(step, step.sample(), step.denoised(), t, h);
  if (!step.node().ends_step) {
    plan.keep(kStart, step.sample());
    if (needs_first(step.options())) plan.keep(kDenoised, step.denoised());
  }
  if (noise == 0.0) return plan;
  plan.next = plan.next + (t.sigma * noise) * step.noise();
  plan.draws = 1;
  if (!step.node().ends_step) plan.keep(noise_slot(step.options()), noise * step.noise());
  return plan;
}

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
  if (step.node().stage == 0) return begin(step);
  const SolverOptions& options = step.options();
  const NoiseLevel t = on_axis(step, step.to());
  const double h = t.log_snr() - on_axis(step, step.from()).log_snr();
  StepPlan plan = step.blank_plan();
  plan.next = second_order(step, t, h);
  const double rest = (1.0 - options.r) * h;
  if (noise_over(options, h) == 0.0) return plan;
  plan.next =
      plan.next + (t.sigma * std::exp(-decay(options, rest))) * step.memory(noise_slot(options));
  const double noise = noise_over(options, rest);
  if (noise == 0.0) return plan;
  plan.next = plan.next + (t.sigma * noise) * step.noise();
  plan.draws = 1;
  return plan;
}

std::optional<NoiseLevel> middle_of(const Expansion& e, const GridStep& step) {
  const NoiseLevel s = on_axis(e.spec.frame, e.options, step.from);
  const NoiseLevel t = on_axis(e.spec.frame, e.options, step.to);
  if (t.is_data() || s.is_pure_noise()) return std::nullopt;
  if (e.options.r == 1.0) return step.to;
  const double log_snr = (1.0 - e.options.r) * s.log_snr() + e.options.r * t.log_snr();
  return level_on_axis(e.spec.frame, e.options, log_snr);
}

void expand(const Expansion& expansion) { expand_with_middle(expansion, middle_of); }

int rows(const SolverOptions& options) { return noise_slot(options) + (options.eta > 0.0 ? 1 : 0); }
int draws(const SolverOptions& options) { return options.eta > 0.0 ? 2 : 0; }

}  // namespace

const Solver kSeeds2 = {"seeds_2", "Gonzalez et al. 2023, arXiv:2305.14267",       plan,
                        expand,    {rows, draws, 2, order_is<2>, Noise::optional}, kAnyFrame};

}  // namespace sched

// What the SEEDS solvers share: exponential steps with noise from one beginning, in log SNR.
// Gonzalez et al. 2023, arXiv:2305.14267.

#pragma once

#include "exponential.hpp"

namespace sched::seeds {

// Where a step began, and its x0 where that is needed.  The noise so far, in units of sigma,
// follows.
constexpr int kStart = 0;
constexpr int kDenoised = 1;
inline int noise_slot(bool keeps_denoised) { return keeps_denoised ? 2 : 1; }

// eta h of a part of the step; h is infinite from pure noise and to clean data.
inline double decay(const SolverOptions& options, double h) {
  return options.eta == 0.0 ? 0.0 : options.eta * h;
}

// The noise that comes in over a part of the step, in units of sigma.
inline double noise_over(const SolverOptions& options, double h) {
  return options.noise_scale * std::sqrt(-std::expm1(-2.0 * decay(options, h)));
}

// The step to `t` with D alone, h being its length.
inline LinearForm first_order(const StepView& step, const LinearForm& x, const LinearForm& denoised,
                              const NoiseLevel& t, double h) {
  const double lost = decay(step.options(), h);
  const NoiseLevel s = on_axis(step, step.from());
  return (t.sigma / s.sigma * std::exp(-lost)) * x - (t.alpha * std::expm1(-h - lost)) * denoised;
}

// A step of one call, or the first of several.
inline StepPlan begin(const StepView& step, bool keeps_denoised) {
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
    if (keeps_denoised) plan.keep(kDenoised, step.denoised());
  }
  if (noise == 0.0) return plan;
  plan.next = plan.next + (t.sigma * noise) * step.noise();
  plan.draws = 1;
  if (!step.node().ends_step) plan.keep(noise_slot(keeps_denoised), noise * step.noise());
  return plan;
}

// The noise so far, after `h` more and with what comes in over it.
inline LinearForm noise_after(const StepView& step, double h, bool keeps_denoised, StepPlan& plan) {
  const double noise = noise_over(step.options(), h);
  LinearForm sum = std::exp(-decay(step.options(), h)) * step.memory(noise_slot(keeps_denoised));
  if (noise == 0.0) return sum;
  plan.draws = 1;
  return sum + noise * step.noise();
}

// r of the way through a step, in log SNR.
inline NoiseLevel level_at(const Expansion& e, const GridStep& step, double r) {
  if (r == 1.0) return step.to;
  const NoiseLevel s = on_axis(e.spec.frame, e.options, step.from);
  const NoiseLevel t = on_axis(e.spec.frame, e.options, step.to);
  return level_on_axis(e.spec.frame, e.options, (1.0 - r) * s.log_snr() + r * t.log_snr());
}

}  // namespace sched::seeds

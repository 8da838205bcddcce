// DPM-Solver multistep: exponential integrators in log SNR, orders 1 to 3.
// Lu et al. 2022, arXiv:2206.00927 (noise prediction) and arXiv:2211.01095 (DPM-Solver++,
// data prediction, algorithm 2, and the SDE forms of its appendix).
//
//   data:  x(t) = (sigma_t / sigma_s) e^(h-H) x + alpha_t (c0 D0 + c1 D1 + c2 D2) [+ z]
//          c0 = 1 - e^-H,  c1 = 1 - c0 / H,  c2 = (c0 - H) / H^2 + 1/2,  H = (1 + eta) h
//   noise: x(t) = (alpha_t / alpha_s) x - k sigma_t (c0 E0 + c1 E1 + c2 E2) [+ z]
//          c0 = e^h - 1,  c1 = c0 / h - 1,  c2 = (c0 - h) / h^2 - 1/2,  k = 1 + eta
//
// eta is 0 for the ODE and 1 for the reverse SDE.  D1 and D2 are the derivatives in log SNR,
// in steps of h, of the polynomial through the last data (or noise) predictions.  The
// midpoint form of order 2 has c0 / 2 in the place of c1.

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

// The weighted sum of this call's prediction and the divided differences of those kept.
LinearForm combine(const StepView& step, const LinearForm& m0, double h) {
  const int order = multistep_order(step);
  const DpmWeights w = dpm_weights(step.options(), h, order);
  if (order == 1) return w.c0 * m0;
  const int rows = step.options().order - 1;
  const auto at = [&](int age) { return on_axis(step, step.from(age)).log_snr(); };
  const double l0 = at(0);
  const double l1 = at(1);
  const double r0 = (l0 - l1) / h;
  const LinearForm m1 = step.past(1, rows);
  if (step.options().quirk_mean_step) {
    const DpmWeights mean = dpm_weights(step.options(), 0.5 * (1.0 + r0) * h, order);
    return mean.c0 * m0 + (mean.c1 / std::fmax(r0, 1.0 / r0)) * (m0 - m1);
  }
  const LinearForm d0 = (m0 - m1) / r0;
  if (order == 2) return w.c0 * m0 + w.c1 * d0;
  const double r1 = (l1 - at(2)) / h;
  const LinearForm d1 = (m1 - step.past(2, rows)) / r1;
  const LinearForm first = d0 + (r0 / (r0 + r1)) * (d0 - d1);
  // diffusers, k-diffusion: half of the second derivative, as in the authors' code.
  const double curvature = step.options().quirk_half_curvature ? 1.0 : 2.0;
  const LinearForm second = (curvature / (r0 + r1)) * (d0 - d1);
  return w.c0 * m0 + w.c1 * first + w.c2 * second;
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const NoiseLevel s = on_axis(step, step.from());
  const NoiseLevel t = on_axis(step, step.to());
  const double h = t.log_snr() - s.log_snr();
  const LinearForm kept = predicts_data(options.algorithm) ? step.denoised() : step.epsilon();

  StepPlan plan = step.blank_plan();
  dpm_update(step, step.sample(), s, t, combine(step, kept, h), plan);
  const int rows = options.order - 1;
  if (rows > 0) plan.keep(step.ring_slot(rows), kept);
  return plan;
}

int rows(const SolverOptions& options) { return options.order - 1; }
int draws(const SolverOptions& options) {
  return !is_sde(options.algorithm) ? 0 : options.quirk_spare_draw ? 2 : 1;
}

}  // namespace

const Solver kDpmMultistep = {
    "dpm_multistep",  "Lu et al. 2022, arXiv:2211.01095 and arXiv:2206.00927", plan,
    expand_multistep, {rows, draws, 1, order_asked, Noise::optional},          kAnyFrame};

}  // namespace sched

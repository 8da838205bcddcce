// DDPM: ancestral sampling from the posterior q(x_t | x_s, x0).
// Ho et al. 2020, arXiv:2006.11239, eq. 6 and 7; learned variance: Nichol and Dhariwal
// 2021, arXiv:2102.09672, eq. 15.
//
//   x(t) = (sqrt(abar_t) b / (1 - abar_s)) D + (sqrt(a) (1 - abar_t) / (1 - abar_s)) x + s z
//   a = abar_s / abar_t,  b = 1 - a,  abar = alpha^2
//
// In the other frames the same posterior, with sigma^2 for 1 - abar and what the forward
// process adds from t to s for b.

#include "solvers.hpp"

namespace sched {

namespace {

constexpr double kSmallestVariance = 1e-20;

// The noise is multiplied by `weight` and by the gain, which may depend on the network's
// second half of channels.
struct ScaledNoise {
  double weight = 1.0;
  Gain gain;
};

ScaledNoise noise_of(Variance variance, double small, double large) {
  switch (variance) {
    case Variance::fixed_small:
      return {std::sqrt(std::fmax(small, kSmallestVariance)), {}};
    case Variance::posterior:
      return {std::sqrt(small), {}};
    case Variance::fixed_large:
      return {std::sqrt(large), {}};
    case Variance::learned:
      return {1.0, {GainMode::square_root, 0.0, 0.0}};
    case Variance::learned_range:
      break;
  }
  // v in [-1, 1] interpolates the logarithm of the variance: exp(log / 2) is linear in v.
  const double low = std::log(std::fmax(small, kSmallestVariance));
  const double high = std::log(large);
  return {1.0, {GainMode::exponential, 0.25 * (high + low), 0.25 * (high - low)}};
}

StepPlan plan(const StepView& step) {
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const double ratio = s.alpha / t.alpha;
  const double beta = transition_variance(step.frame(), s, t);
  const double variance_s = s.sigma * s.sigma;
  const double variance_t = t.sigma * t.sigma;

  StepPlan plan = step.blank_plan();
  plan.next = (t.alpha * beta / variance_s) * step.denoised() +
              (ratio * variance_t / variance_s) * step.sample();
  // Timestep 0 is the end; a list of timesteps that stops earlier keeps its noise.
  const bool is_end = step.frame() == Frame::vp ? step.node().time <= 0.0 : step.ends_at_data();
  if (!is_end) {
    plan.draws = 1;
    // diffusers: Wuerstchen's end still holds some noise, and none is added there.
    if (step.is_last_step() && step.options().quirk_idle_draw) return plan;
    const ScaledNoise noise =
        noise_of(step.options().variance, variance_t / variance_s * beta, beta);
    plan.next = plan.next + noise.weight * step.noise();
    plan.gain = noise.gain;
  }
  return plan;
}

}  // namespace

const Solver kDdpm = {"ddpm",
                      "Ho et al. 2020, arXiv:2006.11239",
                      plan,
                      expand_single,
                      {no_rows, one_draw, 1, order_is<1>, Noise::always},
                      kAnyFrame};

}  // namespace sched

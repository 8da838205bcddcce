// DPM-Solver++ SDE of order 2, single step: two ancestral steps from the same beginning,
// the first to a middle m, the second over the whole step with what was learned there.
// Lu et al. 2022, arXiv:2211.01095, section 5 and algorithm 1; k-diffusion, Crowson 2022.
//
//   y    = (down_m / sigma_s) x + (alpha_m - down_m alpha_s / sigma_s) D(x, s) + s_noise up_m z
//   x(t) = (down_t / sigma_s) x + (alpha_t - down_t alpha_s / sigma_s) D' + s_noise up_t z'
//   D'   = (1 - w) D(x, s) + w D(y, m),   w = 1 / (2 r),   log SNR(m) = (1 - r) ls + r lt
//
// down and up as ancestral_split() has them.  z and z' belong to one Brownian path, of
// which s to m is the beginning of s to t.  Slot 0 holds x, slot 1 D(x, s).

#include "solvers.hpp"

namespace sched {

namespace {

// With the middle halfway only D(y, m) counts.
bool needs_first(const SolverOptions& options) { return options.r != 0.5; }

LinearForm target_of(const StepView& step) {
  if (step.node().stage == 0 || !needs_first(step.options())) return step.denoised();
  const double w = 0.5 / step.options().r;
  return (1.0 - w) * step.memory(1) + w * step.denoised();
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const AncestralSplit split = ancestral_split(s, t, options.eta);
  const double kept = split.down / s.sigma;
  const LinearForm x = step.node().stage == 0 ? step.sample() : step.memory(0);

  StepPlan plan = step.blank_plan();
  plan.next = kept * x + (t.alpha - kept * s.alpha) * target_of(step);
  if (!step.node().ends_step) {
    plan.keep(0, step.sample());
    if (needs_first(options)) plan.keep(1, step.denoised());
  }
  if (options.eta == 0.0 || options.noise_scale == 0.0 || step.ends_at_data()) return plan;
  plan.next = plan.next + (options.noise_scale * split.up) * step.noise();
  plan.draws = 1;
  return plan;
}

// Clean data and pure noise are infinitely far in log SNR: such a step has no middle.
std::optional<NoiseLevel> middle_of(const Expansion& e, const GridStep& step) {
  if (step.to.is_data() || step.from.is_pure_noise()) return std::nullopt;
  const double r = e.options.r;
  const double log_snr = (1.0 - r) * step.from.log_snr() + r * step.to.log_snr();
  return level_from_log_snr(e.spec.frame, log_snr);
}

void expand(const Expansion& expansion) { expand_with_middle(expansion, middle_of); }

int rows(const SolverOptions& options) { return needs_first(options) ? 2 : 1; }
int draws(const SolverOptions& options) { return options.eta > 0.0 ? 2 : 0; }

}  // namespace

const Solver kDpmppSde = {"dpmpp_sde",
                          "Lu et al. 2022, arXiv:2211.01095; k-diffusion, Crowson 2022",
                          plan,
                          expand,
                          {rows, draws, 2, order_is<2>, Noise::optional},
                          kAnyFrame};

}  // namespace sched

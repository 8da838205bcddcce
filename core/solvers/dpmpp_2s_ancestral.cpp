// DPM-Solver++(2S) ancestral: an exponential midpoint step below the target, then noise.
// Lu et al. 2022, arXiv:2211.01095, algorithm 1 with r = 1/2; ancestral as in k-diffusion.
//
//   y    = (sigma_m / sigma_s) x + alpha_m (1 - e^(-h/2)) D0,   m half way in log SNR
//   x(t) = (sigma_d / sigma_s) x + alpha_d (1 - e^-h) D1 + up z,   d below t

#include "dpm_stages.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kStart = 0;

// The deterministic part, from the beginning of a step to r of the way.
LinearForm towards(const DpmStages& stages, double r, double h, const LinearForm& x,
                   const LinearForm& denoised) {
  const NoiseLevel t = stages.level(r);
  return (t.sigma / stages.level(0.0).sigma) * x - (t.alpha * std::expm1(-r * h)) * denoised;
}

NoisyStep noisy_step(Frame frame, const SolverOptions& options, const NoiseLevel& s,
                     const NoiseLevel& t) {
  return {frame, s.log_snr(), t.log_snr(), INFINITY, options.eta};
}

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  // At clean data h is infinite and the step is D itself.
  if (step.node().ends_step && step.node().stage == 0) {
    plan.next = step.denoised();
    return plan;
  }
  const NoisyStep noisy = noisy_step(step.frame(), step.options(), step.from(), step.node().aim);
  const DpmStages stages(step.frame(), step.from().log_snr(), noisy.h);
  if (step.node().stage == 0) {
    plan.next = towards(stages, 0.5, noisy.h, step.sample(), step.denoised());
    plan.keep(kStart, step.sample());
    return plan;
  }
  plan.next = towards(stages, 1.0, noisy.h, step.memory(kStart), step.denoised());
  noisy.add_noise(step, stages.level(1.0), step.node().aim, plan);
  return plan;
}

void expand(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node node = begin_step(e, i);
    node.aim = node.to;
    // A full ancestral step down to sigma 0 has no middle either.
    const bool two_calls = !node.to.is_data();
    node.ends_step = !two_calls;
    if (two_calls) {
      const NoisyStep noisy = noisy_step(e.spec.frame, e.options, node.from, node.aim);
      node.to = DpmStages(e.spec.frame, node.from.log_snr(), noisy.h).level(0.5);
    }
    e.grid.nodes.push_back(node);
    if (!two_calls) continue;
    Node second = node;
    second.level = node.to;
    second.to = node.aim;
    second.time = time_of_level(e.spec, e.schedule, second.level);
    second.stage = 1;
    second.ends_step = true;
    e.grid.nodes.push_back(second);
  }
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kDpmpp2sAncestral = {"dpmpp_2s_ancestral",
                                  "Lu et al. 2022, arXiv:2211.01095",
                                  plan,
                                  expand,
                                  {rows, draw_with_eta, 2, order_is<2>, Noise::optional},
                                  kVp | kVe};

}  // namespace sched

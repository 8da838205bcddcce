// The noise of a flow sample in two parts, as the rectified-flow forms of the ancestral samplers
// have it: the ODE goes below the target, then the sample is scaled and noised back up to it.
// ComfyUI's sample_euler_ancestral_RF; flow levels of Lipman et al. 2022, arXiv:2210.02747.
//
//   down = t (1 + (t / s - 1) eta),   scale = a_t / a_down,   a = 1 - sigma
//   up   = sqrt(t^2 - (down scale)^2)

#pragma once

#include "../plan/solver.hpp"

namespace sched {

struct FlowSplit {
  double down;
  double scale;
  double up;

  FlowSplit(const NoiseLevel& from, const NoiseLevel& to, const SolverOptions& options) {
    const double t = to.sigma;
    down = t * (1.0 + (t / from.sigma - 1.0) * options.eta);
    // diffusers: 1e-12 beside the alpha that is divided by.
    const double guard = options.quirk_guarded_alpha ? 1e-12 : 0.0;
    const double alpha = 1.0 - t;
    const double alpha_down = 1.0 - down;
    const double kept = down * alpha;
    scale = alpha / (alpha_down + guard);
    up = std::sqrt(std::fmax(0.0, t * t - kept * kept / (alpha_down * alpha_down + guard)));
  }

  // A step that ends at `down`, put at the target with its noise.
  void add_noise(const StepView& step, StepPlan& plan) const {
    const SolverOptions& options = step.options();
    if (options.eta == 0.0 || options.noise_scale == 0.0 || step.ends_at_data()) return;
    plan.next = scale * plan.next + (options.noise_scale * up) * step.noise();
    plan.draws = 1;
  }
};

}  // namespace sched

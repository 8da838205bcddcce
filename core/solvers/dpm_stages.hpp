// DPM-Solver: the stages of a single step of order 1 to 3, from noise predictions.
// Lu et al. 2022, arXiv:2206.00927, algorithms 1 and 2 and eq. 4.5; lambda is the log SNR.
//
//   u(r)  = (a_r / a_s) x - sigma_r (e^(r h) - 1) e0,   at log SNR  lambda_s + r h
//   x2    = u(1) - sigma_t / (2 r1) (e^h - 1) (e1 - e0)
//   u2    = u(r2) - sigma_r2 (r2 / r1) ((e^(r2 h) - 1) / (r2 h) - 1) (e1 - e0)
//   x3    = u(1) - sigma_t / r2 ((e^h - 1) / h - 1) (e2 - e0)

#pragma once

#include "../plan/solver.hpp"

namespace sched {

// One step of the ODE from log SNR `from` over `h`.  Slot 0 holds x and slot 1 e0, from
// the first stage on.
class DpmStages {
 public:
  static constexpr int kStart = 0;
  static constexpr int kNoise = 1;

  DpmStages(Frame frame, double from, double h) : frame_(frame), from_(from), h_(h) {}

  // Where the stages of a step of `order` stand, as r.
  static double place(int order, int stage) {
    return stage == 0 ? 0.0 : order == 2 ? 0.5 : stage / 3.0;
  }
  NoiseLevel level(double r) const { return level_from_log_snr(frame_, from_ + r * h_); }

  // The result of stage `stage` of a step of `order`: the next stage's sample, or the step.
  LinearForm result(const StepView& step, int order, int stage) const {
    if (stage == 0) return first_order(step, order == 1 ? 1.0 : place(order, 1), stage);
    const LinearForm rise = step.raw_epsilon() - step.memory(kNoise);
    if (order == 2) return second_order(step, 0.5);
    const double r2 = 2.0 / 3.0;
    if (stage == 1) {
      const double k = 2.0 * (std::expm1(r2 * h_) / (r2 * h_) - 1.0);
      return first_order(step, r2, stage) - (level(r2).sigma * k) * rise;
    }
    const double k = (std::expm1(h_) / h_ - 1.0) / r2;
    return first_order(step, 1.0, stage) - (level(1.0).sigma * k) * rise;
  }
  // Order 2 from the second prediction, at r1; the lower one of an embedded pair of order 3.
  LinearForm second_order(const StepView& step, double r1) const {
    const LinearForm rise = step.raw_epsilon() - step.memory(kNoise);
    return first_order(step, 1.0, 1) - (level(1.0).sigma * std::expm1(h_) / (2.0 * r1)) * rise;
  }
  LinearForm first_order(const StepView& step, double r, int stage) const {
    const NoiseLevel target = level(r);
    const LinearForm x = stage == 0 ? step.sample() : step.memory(kStart);
    const LinearForm e0 = stage == 0 ? step.raw_epsilon() : step.memory(kNoise);
    return (target.alpha / level(0.0).alpha) * x - (target.sigma * std::expm1(r * h_)) * e0;
  }
  void keep_start(const StepView& step, StepPlan& plan) const {
    plan.keep(kStart, step.sample());
    plan.keep(kNoise, step.raw_epsilon());
  }

 private:
  Frame frame_;
  double from_, h_;
};

// A step of an eta sampler ends with noise: the ODE goes past the target to `down`, but
// never past the end of the loop, and noise of deviation `up` comes back.
struct NoisyStep {
  double h;   // of the ODE, in log SNR
  double up;  // in the frame's unit

  NoisyStep(Frame frame, double from, double to, double last, double eta) {
    const double t = std::exp(-to);
    const double down = eta > 0.0 ? ancestral_split({1.0, std::exp(-from)}, {1.0, t}, eta).down : t;
    const double target = eta > 0.0 ? std::fmin(last, -std::log(down)) : to;
    const double low = std::exp(-target);
    h = target - from;
    // In the ve frame; x is scaled by alpha in the others.
    up = level_from_log_snr(frame, to).alpha * std::sqrt(std::fmax(0.0, (t - low) * (t + low)));
  }

  // A step that ends at `down`, put at `aim`, with its noise.
  void add_noise(const StepView& step, const NoiseLevel& down, const NoiseLevel& aim,
                 StepPlan& plan) const {
    if (step.options().eta == 0.0) return;
    plan.next =
        (aim.alpha / down.alpha) * plan.next + (step.options().noise_scale * up) * step.noise();
    plan.draws = 1;
  }
};

}  // namespace sched

// DPM-Solver++(2S) ancestral for rectified flow, and with CFG++ for flow and the ve frame: an
// exponential midpoint step below the target, then noised back up to it.
// Lu et al. 2022, arXiv:2211.01095, algorithm 1 with r = 1/2; ancestral as in ComfyUI; CFG++:
// Chung et al. 2024, arXiv:2406.08070.
//
//   y    = (m / s) x + (1 - m / s) D(x, s),   m half way from s to down in log SNR
//   x(t) = scale ((down / s) x + (1 - down / s) D(y, m)) + s_noise up z
//
// down, scale and up are FlowSplit's, in the ve frame ancestral_split()'s with scale 1.  With
// CFG++ D is the unconditional one in both calls, and alpha_t (D - U) of the first is added.
// From pure noise, which is infinitely far in log SNR, m is 0.9999 as in ComfyUI.

#include "flow_split.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

constexpr int kStart = 0, kGuidance = 1;
constexpr double kBelowPureNoise = 0.9999;

double down_of(Frame frame, const NoiseLevel& s, const NoiseLevel& t, const SolverOptions& o) {
  return frame == Frame::flow ? FlowSplit(s, t, o).down : ancestral_split(s, t, o.eta).down;
}

// Takes what ends at `down` to the target.
void add_noise(const StepView& step, StepPlan& plan) {
  const SolverOptions& options = step.options();
  if (step.frame() == Frame::flow) {
    FlowSplit(step.from(), step.to(), options).add_noise(step, plan);
    return;
  }
  const double up = ancestral_split(step.from(), step.to(), options.eta).up;
  add_ancestral_noise(step, options.eta, up, plan);
}

StepPlan plan_with(const StepView& step, bool guided) {
  const double s = step.from().sigma;
  StepPlan plan = step.blank_plan();
  if (step.ends_at_data()) {
    plan.next = step.denoised();
    return plan;
  }
  const LinearForm denoised = guided ? step.unconditional_denoised() : step.denoised();
  if (!step.node().ends_step) {
    const double kept = step.to().sigma / s;
    plan.next = kept * step.sample() + (1.0 - kept) * denoised;
    plan.keep(kStart, step.sample());
    if (guided) plan.keep(kGuidance, step.denoised() - denoised);
    return plan;
  }
  const double kept = down_of(step.frame(), step.from(), step.to(), step.options()) / s;
  plan.next = kept * step.memory(kStart) + (1.0 - kept) * denoised;
  add_noise(step, plan);
  if (guided) plan.next = plan.next + step.to().alpha * step.memory(kGuidance);
  return plan;
}

StepPlan plan(const StepView& step) { return plan_with(step, false); }
StepPlan plan_guided(const StepView& step) { return plan_with(step, true); }

std::optional<NoiseLevel> middle_of(const Expansion& e, const GridStep& step) {
  if (step.to.is_data()) return std::nullopt;
  const Frame frame = e.spec.frame;
  if (step.from.is_pure_noise()) return level_from_sigma(frame, kBelowPureNoise);
  const double down = down_of(frame, step.from, step.to, e.options);
  const double end = level_from_sigma(frame, down).log_snr();
  return level_from_log_snr(frame, 0.5 * (step.from.log_snr() + end));
}

void expand(const Expansion& expansion) { expand_with_middle(expansion, middle_of); }

int one_row(const SolverOptions&) { return 1; }
int two_rows(const SolverOptions&) { return 2; }

}  // namespace

const Solver kDpmpp2sAncestralRf = {"dpmpp_2s_ancestral_rf",
                                    "ComfyUI; Lu et al. 2022, arXiv:2211.01095",
                                    plan,
                                    expand,
                                    {one_row, draw_with_eta, 2, order_is<2>, Noise::optional},
                                    kFlow};

const Solver kDpmpp2sAncestralCfgPp =
    with_unconditional({"dpmpp_2s_ancestral_cfg_pp",
                        "ComfyUI; Chung et al. 2024, arXiv:2406.08070",
                        plan_guided,
                        expand,
                        {two_rows, draw_with_eta, 2, order_is<2>, Noise::optional},
                        kVe | kFlow});

}  // namespace sched

// DPM-Solver++(2M) with CFG++, as ComfyUI has it: the differences are of the guided x0 and the
// unconditional one of the step before.
// Lu et al. 2022, arXiv:2211.01095, algorithm 2; Chung et al. 2024, arXiv:2406.08070.
//
//   x(t) = alpha_t (D + (1 - e^-h) (h / 2 h1) (D - U1)) + sigma_t e_U,   h = ls - lt
//
// With D = U this is 2M: sigma_t e_U is (sigma_t / sigma_s) x - alpha_t e^-h U.  The first step,
// one to clean data and one from pure noise are Euler's.

#include "exponential.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  StepPlan plan = step.blank_plan();
  LinearForm clean = step.denoised();
  if (step.history() > 0 && !step.ends_at_data() && distinct_order(step, 0, 2) == 2) {
    const double now = step.from().log_snr();
    const double h = step.to().log_snr() - now;
    const double before = now - step.from(1).log_snr();
    clean = clean - (std::expm1(-h) * 0.5 * h / before) * (step.denoised() - step.past(1, 1));
  }
  plan.next = step.to().alpha * clean + step.to().sigma * step.unconditional_epsilon();
  plan.keep(step.ring_slot(1), step.unconditional_denoised());
  return plan;
}

int rows(const SolverOptions&) { return 1; }

}  // namespace

const Solver kDpmpp2mCfgPp = with_unconditional({"dpmpp_2m_cfg_pp",
                                                 "ComfyUI; Chung et al. 2024, arXiv:2406.08070",
                                                 plan,
                                                 expand_single,
                                                 {rows, no_draws, 1, order_is<2>, Noise::never},
                                                 kAnyFrame});

}  // namespace sched

// DPM-Solver-12 and -23: pairs of orders 1 and 2, or 2 and 3, whose difference chooses the
// step.
// Lu et al. 2022, arXiv:2206.00927, algorithm 3 (appendix C); the PID controller is Soederlind
// 2003, "Digital filters in adaptive time-stepping", as in k-diffusion.
//
//   error = rms((low - high) / max(atol, rtol max(|low|, |low before|)))
//   factor = 1 + atan(e0^b1 e1^b2 e2^b3 - 1),  e = 1 / error;  accepted if factor >= safety

#include "dpm_stages.hpp"
#include "solvers.hpp"

#include "../status.hpp"

namespace sched {

namespace {

constexpr int kLow = 2;     // of this attempt, after its second call (order 3)
constexpr int kBefore = 3;  // of the last accepted step
constexpr double kNearEnd = 1e-5;
constexpr double kSmallestStep = 1e-9;

double end_of(const TimeGrid& grid) {
  return grid.steps[static_cast<std::size_t>(grid.end) - 1].to.log_snr();
}
double target_of(const TimeGrid& grid, const Control& control) {
  return std::fmin(end_of(grid), control.position + control.step);
}

// The plan's numbers come from its node, which says where the attempt begins and ends.
NoisyStep noisy_step(const StepView& step) {
  return {step.frame(), step.from().log_snr(), step.node().aim.log_snr(), end_of(step.grid()),
          step.options().eta};
}

StepPlan plan(const StepView& step) {
  const int order = step.options().order;
  const int stage = step.node().stage;
  const NoisyStep noisy = noisy_step(step);
  const DpmStages stages(step.frame(), step.from().log_snr(), noisy.h);
  StepPlan plan = step.blank_plan();
  plan.next = stages.result(step, order, stage);
  if (stage == 0) {
    stages.keep_start(step, plan);
    // Before the first step is accepted, its own sample stands for the one before.
    if (step.history() == 0) plan.keep(kBefore, step.sample());
  }
  if (order == 3 && stage == 1) plan.keep(kLow, stages.second_order(step, 1.0 / 3.0));
  if (step.node().ends_step) {
    const LinearForm low = order == 3 ? step.memory(kLow) : stages.first_order(step, 1.0, stage);
    plan.measure = {Measure::error,
                    low,
                    plan.next,
                    step.memory(kBefore),
                    step.options().absolute_tolerance,
                    step.options().relative_tolerance};
    plan.draws = step.options().eta > 0.0 ? 1 : 0;
  }
  return plan;
}

StepPlan finish(const StepView& step, const Measured& measured) {
  StepPlan plan = step.blank_plan();
  if (!measured.accepted) {
    plan.next = step.memory(DpmStages::kStart);
    return plan;
  }
  const int order = step.options().order;
  const NoisyStep noisy = noisy_step(step);
  const DpmStages stages(step.frame(), step.from().log_snr(), noisy.h);
  plan.next = stages.result(step, order, order - 1);
  plan.keep(kBefore, order == 3 ? step.memory(kLow) : stages.first_order(step, 1.0, 1));
  noisy.add_noise(step, stages.level(1.0), step.node().aim, plan);
  return plan;
}

// -------------------------------------------------------------------- the controller

Control start(const LoopContext& e) {
  const TimeGrid& grid = e.grid;
  Control control;
  control.position = grid.steps[static_cast<std::size_t>(grid.begin)].from.log_snr();
  control.step = e.options.first_step;
  control.finished = control.position < end_of(grid) - kNearEnd ? 0 : 1;
  return control;
}

Node node(const LoopContext& e, const Control& control) {
  const double aim = target_of(e.grid, control);
  const double from = control.position;
  const NoisyStep noisy(e.spec.frame, from, aim, end_of(e.grid), e.options.eta);
  const DpmStages stages(e.spec.frame, from, noisy.h);
  const int order = e.options.order;
  Node node;
  node.stage = control.stage;
  node.ends_step = control.stage + 1 == order;
  node.level = stages.level(DpmStages::place(order, control.stage));
  node.from = stages.level(0.0);
  node.aim = level_from_log_snr(e.spec.frame, aim);
  node.to = node.ends_step ? node.aim : stages.level(DpmStages::place(order, control.stage + 1));
  node.time = time_of_level(e.spec, e.schedule, node.level);
  node.history = control.accepted > 0 || control.rejected > 0 ? 1 : 0;
  return node;
}

bool judge(const LoopContext& e, double error, Control& control) {
  const SolverOptions& o = e.options;
  const double order = o.eta > 0.0 ? 1.5 : o.order;
  const double inverse = 1.0 / (error + 1e-8);
  double* past = control.inverse_error;
  if (past[0] == 0.0) past[1] = past[2] = inverse;
  past[0] = inverse;
  const double factor =
      1.0 + std::atan(std::pow(past[0], (o.proportional + o.integral + o.differential) / order) *
                          std::pow(past[1], -(o.proportional + 2.0 * o.differential) / order) *
                          std::pow(past[2], o.differential / order) -
                      1.0);
  const bool accepted = factor >= o.accept_safety;
  if (accepted) {
    past[2] = past[1];
    past[1] = past[0];
    control.position = target_of(e.grid, control);
    ++control.accepted;
  } else {
    ++control.rejected;
  }
  control.step *= factor;
  control.stage = 0;
  control.finished = control.position < end_of(e.grid) - kNearEnd ? 0 : 1;
  if (control.finished == 0 && !(control.step > kSmallestStep)) {
    fail(Status::not_finite,
         "dpm_adaptive cannot meet its tolerances: the step in log SNR fell "
         "to ",
         control.step, " at log SNR ", control.position, "; raise rtol or atol");
  }
  return accepted;
}

bool is_sane(const LoopContext& e, const Control& c) {
  const double first = e.grid.steps[static_cast<std::size_t>(e.grid.begin)].from.log_snr();
  // The caller's first step may be smaller than any that the controller goes on with.
  const bool is_first = c.accepted == 0 && c.rejected == 0 && c.step == e.options.first_step;
  const bool has_step = c.finished != 0 || is_first || c.step > kSmallestStep;
  bool sane = c.position >= first && c.position <= end_of(e.grid) && has_step && c.step < 1e9 &&
              c.stage >= 0 && c.stage < e.options.order && (c.finished == 0 || c.finished == 1);
  for (const std::int64_t count : {c.accepted, c.rejected, c.draws}) {
    sane = sane && count >= 0 && count <= kMostCounted;
  }
  for (const double inverse : c.inverse_error) sane = sane && inverse >= 0.0 && inverse < 1e9;
  // Done exactly where there is no way left to go.
  return sane && (c.finished == 0) == (c.position < end_of(e.grid) - kNearEnd);
}

constexpr Adaptive kAdaptive = {start, node, judge, is_sane};

// Its single step goes from the beginning of the loop to its end.
int one_step(int) { return 1; }
int rows(const SolverOptions&) { return 4; }
void expand(const Expansion&) {}

}  // namespace

const Solver kDpmAdaptive = {"dpm_adaptive",
                             "Lu et al. 2022, arXiv:2206.00927",
                             plan,
                             expand,
                             {rows, draw_with_eta, 3, order_asked, Noise::optional},
                             kVp | kVe,
                             finish,
                             &kAdaptive,
                             one_step};

}  // namespace sched

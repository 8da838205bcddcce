#include "exponential.hpp"

#include <algorithm>

#include "../plan/math.hpp"
#include "../status.hpp"

namespace sched {

namespace {

bool is_in_sigma(Frame frame, const SolverOptions& options) {
  return options.sigma_axis && frame == Frame::flow;
}

}  // namespace

NoiseLevel on_axis(Frame frame, const SolverOptions& options, const NoiseLevel& level) {
  return is_in_sigma(frame, options) ? NoiseLevel{1.0, level.sigma} : level;
}

NoiseLevel level_on_axis(Frame frame, const SolverOptions& options, double log_snr) {
  return is_in_sigma(frame, options) ? level_from_sigma(frame, std::exp(-log_snr))
                                     : level_from_log_snr(frame, log_snr);
}

int distinct_order(const StepView& step, int age, int order) {
  int usable = 1;
  for (; usable < order; ++usable) {
    const double older = on_axis(step, step.from(age + usable)).log_snr();
    if (std::isinf(older) || older == on_axis(step, step.from(age + usable - 1)).log_snr()) break;
  }
  return usable;
}

namespace {

// diffusers: CogVideoX goes by the timestep, which may end at the first one's level.
bool is_below_first(const StepView& step) {
  return step.node().time < stride_of(step.schedule(), step.grid().total());
}

}  // namespace

int multistep_order(const StepView& step) {
  const SolverOptions& options = step.options();
  const bool few = options.lower_order_final && step.grid().total() < 15;
  if (step.ends_at_data() || (step.is_last_step() && (options.euler_at_final || few))) return 1;
  if (step.from().log_snr() == step.to().log_snr()) return 1;
  if (options.quirk_first_order_below && is_below_first(step)) return 1;
  int order = std::min(options.order, step.history() + 1);
  if (step.steps_left() == 2 && few) order = std::min(order, 2);
  return distinct_order(step, 0, order);
}

void refuse_noise_at_data(const Expansion& e) {
  const bool reaches_data = e.grid.end == e.grid.total() && e.grid.steps.back().to.is_data();
  if (predicts_data(e.options.algorithm) || !reaches_data) return;
  fail(Status::conflict,
       "predicting noise is not defined at sigma 0, where this schedule ends; predict data, or end "
       "at sigma_min");
}

void expand_multistep(const Expansion& e) {
  refuse_noise_at_data(e);
  expand_single(e);
}

// --------------------------------------------------------------------- DPM-Solver

namespace {

// How stochastic the SDE forms are: 1 is the reverse SDE, 0 the ODE.
double eta_of(const SolverOptions& options) {
  return is_sde(options.algorithm) ? options.eta : 0.0;
}

}  // namespace

DpmWeights dpm_weights(const SolverOptions& options, double h, int order) {
  const bool data = predicts_data(options.algorithm);
  const bool sde = is_sde(options.algorithm);
  const double H = data ? (1.0 + eta_of(options)) * h : h;
  const double z = data ? -H : H;
  DpmWeights w;
  w.c0 = data ? -std::expm1(z) : std::expm1(z);
  if (order == 2 && options.type == DpmType::midpoint) {
    w.c1 = 0.5 * w.c0;
  } else if (order > 1) {
    w.c1 = H * phi(2, z);
  }
  if (order > 2) w.c2 = H * phi(3, z);
  // diffusers: the SDE form has -1/2 for +1/2, so that this term does not vanish with h.
  if (order > 2 && data && sde && options.quirk_sde_third_order) w.c2 -= 1.0;
  return w;
}

void dpm_update(const StepView& step, const LinearForm& x, const NoiseLevel& s, const NoiseLevel& t,
                const LinearForm& sum, StepPlan& plan) {
  const SolverOptions& options = step.options();
  const bool sde = is_sde(options.algorithm);
  const double eta = eta_of(options);
  const double h = t.log_snr() - s.log_snr();
  double std = 0.0;
  if (predicts_data(options.algorithm)) {
    plan.next = (t.sigma / s.sigma * (eta > 0.0 ? std::exp(-eta * h) : 1.0)) * x + t.alpha * sum;
    if (eta > 0.0) std = t.sigma * std::sqrt(-std::expm1(-2.0 * eta * h));
  } else {
    plan.next = (t.alpha / s.alpha) * x - ((1.0 + eta) * t.sigma) * sum;
    if (eta > 0.0) std = t.sigma * std::sqrt(eta * std::expm1(2.0 * h));
  }
  // diffusers: it draws at clean data, too, with weight zero.
  if (!sde || (std == 0.0 && !options.quirk_idle_draw)) return;
  // diffusers: CogVideoX draws for order 1 first, and throws that away.
  const bool twice = options.quirk_spare_draw && step.history() > 0 && !is_below_first(step);
  plan.next = plan.next + (options.noise_scale * std) * step.noise(twice ? 1 : 0);
  plan.draws = twice ? 2 : 1;
}

// -------------------------------------------------------------------------- Adams

LinearForm adams_differences(const Predictions& points, double start, double h, double z) {
  LinearForm sum;
  if (points.order() == 1) return sum;
  Few<double> nodes;
  for (std::size_t k = 0; k < points.m.size(); ++k) {
    nodes.push_back((points.log_snr[k] - start) / h);
  }
  for (std::size_t k = 1; k < points.m.size(); ++k) {
    const double weight = integrate_exponential_lagrange(nodes, static_cast<int>(k), z);
    sum = sum + weight * (points.m[k] - points.m[0]);
  }
  return sum;
}

}  // namespace sched

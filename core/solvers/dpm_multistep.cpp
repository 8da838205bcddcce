// DPM-Solver multistep: exponential integrators in log SNR, orders 1 to 3.
// Lu et al. 2022, arXiv:2206.00927 (noise prediction) and arXiv:2211.01095 (DPM-Solver++,
// data prediction, algorithm 2, and the SDE forms of its appendix).
//
//   data:  x(t) = (sigma_t / sigma_s) e^(h-H) x + alpha_t (c0 D0 + c1 D1 + c2 D2) [+ z]
//          H = h, or 2 h for the SDE;  c0 = 1 - e^-H,  c1 = 1 - c0 / H,  c2 = (c0 - H) / H^2 + 1/2
//   noise: x(t) = (alpha_t / alpha_s) x - k sigma_t (c0 E0 + c1 E1 + c2 E2) [+ z]
//          c0 = e^h - 1,  c1 = c0 / h - 1,  c2 = (c0 - h) / h^2 - 1/2,  k = 1, or 2 for the SDE
//
// D1 and D2 are divided differences of the last data (or noise) predictions.  The
// midpoint form of order 2 has c0 / 2 in the place of c1.

#include <algorithm>

#include "../plan/solver.hpp"

namespace sched {

namespace {

bool predicts_data(DpmAlgorithm a) {
  return a == DpmAlgorithm::data || a == DpmAlgorithm::sde_data;
}
bool is_sde(DpmAlgorithm a) { return a == DpmAlgorithm::sde_data || a == DpmAlgorithm::sde_noise; }

int order_of(const StepView& step) {
  const SolverOptions& options = step.options();
  const bool few = options.lower_order_final && step.grid().total() < 15;
  int order = std::min(options.order, step.history() + 1);
  if (step.ends_at_data() || (step.is_last_step() && (options.euler_at_final || few))) order = 1;
  if (step.steps_left() == 2 && few) order = std::min(order, 2);
  // diffusers: CogVideoX goes by the timestep, which may end at the first one's level.
  const bool below = step.node().time < stride_of(step.schedule(), step.grid().total());
  if (options.quirk_first_order_below && below) order = 1;
  // Repeated timesteps leave no distance to take a difference over.
  const double now = step.from().log_snr();
  if (order > 1 && (now == step.from(1).log_snr() || now == step.to().log_snr())) order = 1;
  if (order > 2 && step.from(1).log_snr() == step.from(2).log_snr()) order = 2;
  return order;
}

struct Weights {
  double c0, c1, c2;
};

Weights weights_of(const SolverOptions& options, double h, int order) {
  Weights w{};
  if (predicts_data(options.algorithm)) {
    const bool sde = is_sde(options.algorithm);
    const double H = sde ? 2.0 * h : h;
    w.c0 = -std::expm1(-H);
    w.c1 = 1.0 - w.c0 / H;
    // diffusers: the SDE form has -1/2, so that this term does not vanish with h.
    w.c2 = (w.c0 - H) / (H * H) + (sde && options.quirk_sde_third_order ? -0.5 : 0.5);
  } else {
    w.c0 = std::expm1(h);
    w.c1 = w.c0 / h - 1.0;
    w.c2 = (w.c0 - h) / (h * h) - 0.5;
  }
  if (order == 2 && options.type == DpmType::midpoint) w.c1 = 0.5 * w.c0;
  return w;
}

// c0 M0 + c1 M1 + c2 M2 from this call's prediction and those kept.
LinearForm combine(const StepView& step, const LinearForm& m0, double h, int order) {
  const Weights w = weights_of(step.options(), h, order);
  if (order == 1) return w.c0 * m0;
  const int rows = step.options().order - 1;
  const double l0 = step.from().log_snr();
  const double l1 = step.from(1).log_snr();
  const double r0 = (l0 - l1) / h;
  const LinearForm m1 = step.past(1, rows);
  const LinearForm d0 = (m0 - m1) / r0;
  if (order == 2) return w.c0 * m0 + w.c1 * d0;
  const double r1 = (l1 - step.from(2).log_snr()) / h;
  const LinearForm d1 = (m1 - step.past(2, rows)) / r1;
  const LinearForm first = d0 + (r0 / (r0 + r1)) * (d0 - d1);
  const LinearForm second = (d0 - d1) / (r0 + r1);
  return w.c0 * m0 + w.c1 * first + w.c2 * second;
}

StepPlan plan(const StepView& step) {
  const SolverOptions& options = step.options();
  const NoiseLevel& s = step.from();
  const NoiseLevel& t = step.to();
  const double h = t.log_snr() - s.log_snr();
  const bool data = predicts_data(options.algorithm);
  const bool sde = is_sde(options.algorithm);
  const LinearForm kept = data ? step.denoised() : step.epsilon();
  const int order = order_of(step);
  const LinearForm sum = combine(step, kept, h, order);
  // diffusers: CogVideoX draws for order 1 first, and throws that away.
  const int draws = !sde ? 0 : options.quirk_spare_draw && order > 1 ? 2 : 1;
  const LinearForm noise = step.noise(draws > 1 ? 1 : 0);

  StepPlan plan = step.blank_plan();
  if (data) {
    const double keep = t.sigma / s.sigma * (sde ? std::exp(-h) : 1.0);
    plan.next = keep * step.sample() + t.alpha * sum;
    if (sde) plan.next = plan.next + (t.sigma * std::sqrt(-std::expm1(-2.0 * h))) * noise;
  } else {
    plan.next = (t.alpha / s.alpha) * step.sample() - ((sde ? 2.0 : 1.0) * t.sigma) * sum;
    if (sde) plan.next = plan.next + (t.sigma * std::sqrt(std::expm1(2.0 * h))) * noise;
  }
  plan.draws = draws;
  const int rows = options.order - 1;
  if (rows > 0) plan.keep(step.ring_slot(rows), kept);
  return plan;
}

int rows(const SolverOptions& options) { return options.order - 1; }
int draws(const SolverOptions& options) {
  return !is_sde(options.algorithm) ? 0 : options.quirk_spare_draw ? 2 : 1;
}

}  // namespace

extern const Solver kDpmMultistep;
const Solver kDpmMultistep = {"dpm_multistep",
                              "Lu et al. 2022, arXiv:2211.01095 and arXiv:2206.00927",
                              plan,
                              expand_single,
                              rows,
                              draws,
                              1,
                              3,
                              1,
                              true,
                              true,
                              true};

}  // namespace sched

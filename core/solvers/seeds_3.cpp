// SEEDS-3: a stochastic exponential integrator of three calls in log SNR.
// Gonzalez et al. 2023, arXiv:2305.14267, algorithm 3 (data prediction); for eta 0 Hochbruck
// and Ostermann 2005, doi:10.1137/040611434, eq. 5.8.
//
//   y1   = E(r1; x, D) + sigma_1 n1
//   y2   = E(r2; x, D) + alpha_2 (r2 / r1) r2 H phi_2(-r2 H) (D1 - D) + sigma_2 n2
//   x(t) = E(1; x, D) + alpha_t (H phi_2(-H) / r2) (D2 - D) + sigma_t n3
//   E(r) = (sigma_r / sigma_s) e^(-r eta h) x + alpha_r (1 - e^(-r H)) D,   H = (1 + eta) h
//   n    = e^(-d) n' + s_noise sqrt(1 - e^(-2 d)) z,   d = eta h (r - r') since the call before

#include "../plan/math.hpp"
#include "seeds.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

using namespace seeds;

// What of D' - D goes into a step over r, D' being of `before`.
double slope_weight(double H, double r, double before) {
  return r * r * H * phi(2, -r * H) / before;
}

StepPlan plan(const StepView& step) {
  const int stage = step.node().stage;
  if (stage == 0) return begin(step, true);
  const SolverOptions& options = step.options();
  const double before = stage == 1 ? options.r : options.r_2;
  const double r = stage == 1 ? options.r_2 : 1.0;
  const NoiseLevel end = on_axis(step, step.node().aim);
  const double h = end.log_snr() - on_axis(step, step.from()).log_snr();
  const double H = h + decay(options, h);
  const NoiseLevel t = on_axis(step, step.to());
  const LinearForm denoised = step.memory(kDenoised);

  StepPlan plan = step.blank_plan();
  plan.next = first_order(step, step.memory(kStart), denoised, t, r * h) +
              (t.alpha * slope_weight(H, r, before)) * (step.denoised() - denoised);
  if (noise_over(options, h) == 0.0) return plan;
  const LinearForm noise = noise_after(step, (r - before) * h, true, plan);
  plan.next = plan.next + t.sigma * noise;
  if (!step.node().ends_step) plan.keep(noise_slot(true), noise);
  return plan;
}

void expand(const Expansion& e) {
  for (int i = e.grid.begin; i < e.grid.end; ++i) {
    Node node = begin_step(e, i);
    node.aim = node.to;
    // Clean data and pure noise are infinitely far in log SNR: such a step has no middle.
    const bool is_whole =
        node.to.is_data() || on_axis(e.spec.frame, e.options, node.from).is_pure_noise();
    const double ends[] = {is_whole ? 1.0 : e.options.r, e.options.r_2, 1.0};
    const int calls = is_whole ? 1 : 3;
    for (node.stage = 0; node.stage < calls; ++node.stage) {
      node.to = level_at(e, {node.time, node.from, node.aim}, ends[node.stage]);
      node.ends_step = node.stage + 1 == calls;
      e.grid.nodes.push_back(node);
      node.level = node.to;
      node.time = time_of_level(e.spec, e.schedule, node.level);
    }
  }
}

int rows(const SolverOptions& options) { return options.eta > 0.0 ? 3 : 2; }
int draws(const SolverOptions& options) { return options.eta > 0.0 ? 3 : 0; }

}  // namespace

const Solver kSeeds3 = {"seeds_3", "Gonzalez et al. 2023, arXiv:2305.14267",       plan,
                        expand,    {rows, draws, 3, order_is<3>, Noise::optional}, kAnyFrame};

}  // namespace sched

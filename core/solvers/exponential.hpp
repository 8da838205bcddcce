// What the exponential integrators in log SNR share: which points a step may use, and the
// weights of their predictions.

#pragma once

#include "../plan/few.hpp"
#include "../plan/solver.hpp"

namespace sched {

// --------------------------------------------------------------------------- axis

// A level as the formulas see it: where the options say so, a flow sample is taken for one of
// the ve frame with the same sigma, for which the probability-flow ODE is the same.  Steps are
// then even in -log sigma, and sigma 1 is no end.
NoiseLevel on_axis(Frame frame, const SolverOptions& options, const NoiseLevel& level);
inline NoiseLevel on_axis(const StepView& step, const NoiseLevel& level) {
  return on_axis(step.frame(), step.options(), level);
}
// The level in the sample's own frame at a log SNR on that axis.
NoiseLevel level_on_axis(Frame frame, const SolverOptions& options, double log_snr);

// ------------------------------------------------------------------------- points

// The most predictions, `order` at most, that a polynomial can go through: those kept at
// the beginnings of this step's predecessors from `age` on back.  Repeated timesteps leave
// no distance to take a difference over, and pure noise has no finite log SNR.
int distinct_order(const StepView& step, int age, int order);

// Order of a multistep method: bounded by the history and the distinct points, and lowered
// for the last two steps as the options say.
int multistep_order(const StepView& step);

// Throws where a noise prediction would have to end at clean data: the weight of the
// noise, e^h, is infinite there.
void refuse_noise_at_data(const Expansion& expansion);
// One call for each step, after that check.
void expand_multistep(const Expansion& expansion);

// --------------------------------------------------------------------- DPM-Solver

// Weights of the prediction and of its first and second derivative in log SNR over a step
// of length h: H phi_1, H phi_2 and H phi_3 of z, those up to `order`.
//   data:  z = -H,  H = (1 + eta) h, eta 0 for the ODE;   noise:  z = H = h
struct DpmWeights {
  double c0 = 0.0;
  double c1 = 0.0;
  double c2 = 0.0;
};
DpmWeights dpm_weights(const SolverOptions& options, double h, int order);

// Takes the sample x from s to t, `sum` being the weighted predictions; fills in the next
// sample and its draws.
void dpm_update(const StepView& step, const LinearForm& x, const NoiseLevel& s, const NoiseLevel& t,
                const LinearForm& sum, StepPlan& plan);

// -------------------------------------------------------------------------- Adams

// Predictions, and where on the log SNR axis they were made; the first is the one that
// the others are subtracted from.
struct Predictions {
  Few<LinearForm> m;
  Few<double> log_snr;

  void add(const LinearForm& prediction, double at) {
    m.push_back(prediction);
    log_snr.push_back(at);
  }
  // Those kept from `first` calls ago back to before `end` calls ago.
  void add_past(const StepView& step, int rows, int first, int end) {
    for (int age = first; age < end; ++age) add(step.past(age, rows), step.from(age).log_snr());
  }
  int order() const { return static_cast<int>(m.size()); }
};

// sum_k w_k (m_k - m_0) with w_k = integral_0^1 e^(z (1 - u)) L_k(u) du over the step of
// length h that begins at log SNR `start`: what a polynomial through all predictions adds
// to phi_1(z) m_0.
LinearForm adams_differences(const Predictions& points, double start, double h, double z);

}  // namespace sched

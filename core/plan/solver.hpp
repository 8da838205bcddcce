// What a solver is: a pure function from a StepView to a StepPlan, the model calls that
// it inserts into a grid, and what it costs.  A solver owns no tensor and no clock.

#pragma once

#include <cmath>
#include <vector>

#include "parameterization.hpp"
#include "step_plan.hpp"
#include "time_grid.hpp"

namespace sched {

enum class DpmAlgorithm { data, noise, sde_data, sde_noise };
enum class DpmType { midpoint, heun };
enum class UnipcBasis { bh1, bh2 };
// posterior: fixed_small without a floor under it.
enum class Variance { fixed_small, fixed_large, learned, learned_range, posterior };

// What the configuration and the caller say about a method.  Plain data, each member
// with the solvers that read it.
struct SolverOptions {
  int order = 2;                  // dpm_multistep, unipc, lms
  bool lower_order_final = true;  // dpm_multistep, unipc
  bool euler_at_final = false;    // dpm_multistep
  DpmAlgorithm algorithm = DpmAlgorithm::data;
  DpmType type = DpmType::midpoint;
  bool predict_x0 = true;  // unipc
  UnipcBasis basis = UnipcBasis::bh2;
  std::vector<int> disable_corrector;         // unipc: steps
  double eta = 0.0;                           // ddim
  bool use_clipped_epsilon = false;           // ddim
  Variance variance = Variance::fixed_small;  // ddpm
  bool skip_runge_kutta = true;               // pndm
  double timestep_scaling = 10.0;             // lcm
  bool stochastic = false;                    // flow-match euler
  double churn = 0.0;                         // euler: s_churn / number of steps
  double churn_min = 0.0;
  double churn_max = INFINITY;
  double noise_scale = 1.0;  // euler: s_noise

  // What diffusers does and the papers do not; off in our own composition.
  bool quirk_churned_v = false;          // euler: v is read at sigma, not at sigma_hat
  bool quirk_sde_third_order = false;    // dpm_multistep: sign in the third-order SDE term
  bool quirk_spare_draw = false;         // dpm_multistep: order 2 draws twice, uses the second
  bool quirk_first_order_below = false;  // dpm_multistep: order 1 past the first timestep
  bool quirk_spare_last_draw = false;    // ddpm: the last step draws and adds no noise
  bool quirk_lost_x0 = false;            // ipndm: from pure noise, x0 is taken as 0
  bool quirk_guarded_alpha = false;      // euler_ancestral_rf: 1e-12 beside a divisor
  bool quirk_call_at_end = false;        // euler_ancestral_rf: a call at sigma 0 that does nothing
  bool quirk_token_sign = false;         // euler: per-token times step the other way
};

// Everything that a solver may know at one model call.
class StepView {
 public:
  StepView(const TimeGrid& grid, const NoiseSchedule& schedule,
           const Parameterization& parameterization, const ClipRule& clip,
           const SolverOptions& options, const Node& node, bool grouped = false)
      : grid_(grid),
        schedule_(schedule),
        parameterization_(parameterization),
        clip_(clip),
        options_(options),
        node_(node),
        grouped_(grouped) {}

  const SolverOptions& options() const { return options_; }
  const TimeGrid& grid() const { return grid_; }
  const NoiseSchedule& schedule() const { return schedule_; }
  const Node& node() const { return node_; }
  // This call's times come from the caller, token by token, instead of from the grid.
  bool is_grouped() const { return grouped_; }

  const NoiseLevel& from() const { return node_.from; }
  const NoiseLevel& to() const { return node_.to; }
  // The level at which the step `age` steps ago began.
  const NoiseLevel& from(int age) const {
    return grid_.steps[static_cast<std::size_t>(node_.step - age)].from;
  }
  bool ends_at_data() const { return node_.to.is_data(); }
  int steps_left() const { return grid_.total() - node_.step; }
  bool is_last_step() const { return steps_left() == 1; }
  bool is_clipped() const { return clip_.mode != Clip::none; }

  LinearForm sample() const { return LinearForm::of(Input::sample); }
  LinearForm prediction() const { return LinearForm::of(Input::prediction); }
  LinearForm denoised() const { return LinearForm::of(Input::denoised); }
  LinearForm noise(int draw = 0) const {
    return LinearForm::of(draw == 0 ? Input::noise0 : Input::noise1);
  }
  LinearForm memory(int slot) const { return LinearForm::of(memory_input(slot)); }

  // An answer to fill in: x0 is read from the sample as handed in, clipped as configured.
  StepPlan blank_plan() const {
    StepPlan plan;
    plan.denoised = parameterization_.denoised(sample(), node_.level);
    plan.clip = clip_;
    return plan;
  }
  // x0 before the clip, for a sample other than the one handed in (churn).
  LinearForm denoised_of(const LinearForm& sample_form, const NoiseLevel& level) const {
    return parameterization_.denoised(sample_form, level);
  }
  // The noise as the network says it, whatever the clip does to x0.
  LinearForm raw_epsilon() const { return parameterization_.epsilon(sample(), node_.level); }
  // The noise that agrees with the clipped x0.
  LinearForm clipped_epsilon() const {
    return (sample() - node_.level.alpha * denoised()) / node_.level.sigma;
  }
  LinearForm epsilon() const { return is_clipped() ? clipped_epsilon() : raw_epsilon(); }
  bool predicts_v() const { return parameterization_.prediction == Prediction::v; }
  // dx / dsigma of the probability-flow ODE: the network's answer itself where that is
  // the velocity, so that sigma = 0 is no division by zero.
  LinearForm slope() const {
    if (parameterization_.prediction == Prediction::flow && !is_clipped()) {
      return (parameterization_.reversed_flow ? -1.0 : 1.0) * prediction();
    }
    return (sample() - denoised()) / node_.level.sigma;
  }

  // Ring of `rows` memory rows from slot 0 on: the row kept `age` calls ago, and the slot
  // for this call's, which replaces the oldest.
  LinearForm past(int age, int rows) const { return memory((node_.history - age) % rows); }
  int ring_slot(int rows) const { return node_.history % rows; }
  int history() const { return node_.history; }

 private:
  const TimeGrid& grid_;
  const NoiseSchedule& schedule_;
  const Parameterization& parameterization_;
  const ClipRule& clip_;
  const SolverOptions& options_;
  const Node& node_;
  bool grouped_;
};

// What a solver may know when it lists its model calls.
struct Expansion {
  const GridSpec& spec;
  const NoiseSchedule& schedule;
  const SolverOptions& options;
  TimeGrid& grid;  // steps, begin and end are set; nodes is to be filled
};

struct Solver {
  const char* name;
  const char* paper;
  StepPlan (*plan)(const StepView&);
  void (*expand)(const Expansion&);
  int (*memory_rows)(const SolverOptions&);
  int (*draws)(const SolverOptions&);  // per step, at most
  int calls_per_step;
  int max_order;
  int stochastic;  // 0 never, 1 where an option asks for it, 2 always
  // The frames in which the formulas hold.
  bool in_vp, in_ve, in_flow;
};

// The solver of that name; nullptr where there is none.
const Solver* find_solver(const char* name);

// The common expansion: one model call for each step.
void expand_single(const Expansion& expansion);
inline int no_rows(const SolverOptions&) { return 0; }
inline int no_draws(const SolverOptions&) { return 0; }
inline int one_draw(const SolverOptions&) { return 1; }

}  // namespace sched

// What a solver is: a pure function from a StepView to a StepPlan, the model calls that
// it inserts into a grid, and what it costs.  A solver owns no tensor and no clock.

#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "parameterization.hpp"
#include "step_plan.hpp"
#include "time_grid.hpp"

namespace sched {

enum class DpmAlgorithm { data, noise, sde_data, sde_noise };
enum class DpmType { midpoint, heun };
enum class UnipcBasis { bh1, bh2 };
// posterior: fixed_small without a floor under it.
enum class Variance { fixed_small, fixed_large, learned, learned_range, posterior };

// When churn adds its noise (Karras et al. 2022, algorithm 2).
enum class ChurnPlace {
  after_call,   // diffusers' Euler: the model has not seen it
  before_call,  // the paper's: the step before adds it to its result
  own_call      // the paper's, as a call of its own that asks no model
};
inline bool predicts_data(DpmAlgorithm a) {
  return a == DpmAlgorithm::data || a == DpmAlgorithm::sde_data;
}
inline bool is_sde(DpmAlgorithm a) {
  return a == DpmAlgorithm::sde_data || a == DpmAlgorithm::sde_noise;
}

// What the configuration and the caller say about a method.  Plain data, each member
// with the solvers that read it.
struct SolverOptions {
  // dpm_multistep, dpm_singlestep, deis, unipc, lms, ipndm, ipndm_v, deis_tab
  int order = 2;
  bool lower_order_final = true;  // dpm_multistep, dpm_singlestep, deis, unipc, sa_solver
  bool euler_at_final = false;    // dpm_multistep
  bool euler_at_data = false;     // lms, ipndm, ipndm_v, deis_tab: order 1 to clean data
  // dpm_multistep, dpm_singlestep; sa_solver: data or noise
  DpmAlgorithm algorithm = DpmAlgorithm::data;
  DpmType type = DpmType::midpoint;  // dpm_multistep, dpm_singlestep
  int predictor_order = 3;           // sa_solver
  int corrector_order = 4;           // sa_solver: 0 for none
  // sa_solver: how stochastic it is where a step begins between tau_end and tau_start, in
  // the unit of the grid's sigmas; 0 elsewhere.
  double tau = 1.0;
  double tau_start = INFINITY;
  double tau_end = 0.0;
  bool tau_at_end = false;  // sa_solver: tau is that where a step ends
  bool predict_x0 = true;   // unipc
  UnipcBasis basis = UnipcBasis::bh2;
  List<int> disable_corrector;  // unipc: steps
  double eta = 0.0;             // ddim, tcd, ancestral and SDE solvers: amount of noise
  double r = 0.5;           // dpmpp_sde, seeds_2, seeds_3: the (first) middle of a step, in log SNR
  double r_2 = 1.0;         // seeds_3: the second
  bool phi_2 = false;       // seeds_2: the second weight is phi_2's
  bool sigma_axis = false;  // dpm_multistep, seeds_2: flow models go by -log sigma
  double gamma = 2.0;       // gradient_estimation: 1 is Euler's step
  bool use_clipped_epsilon = false;           // ddim
  Variance variance = Variance::fixed_small;  // ddpm
  bool skip_runge_kutta = true;               // pndm
  double timestep_scaling = 10.0;             // lcm
  bool stochastic = false;                    // flow-match euler
  double churn = 0.0;                         // euler: s_churn / number of steps
  double churn_min = 0.0;
  double churn_max = INFINITY;
  ChurnPlace churn_place = ChurnPlace::after_call;
  double noise_scale = 1.0;  // every solver with noise of its own: s_noise
  double sigma_min = 0.0;    // consistency: the level that counts as clean
  // consistency: noise_scale goes evenly to this, from the first step to the last
  std::optional<double> noise_scale_end;
  double noise_clip = 0.0;  // consistency: noise is clamped to so many of its deviations; 0: is not

  // dpm_adaptive: tolerances and the PID controller's coefficients.
  double absolute_tolerance = 0.0078;
  double relative_tolerance = 0.05;
  double first_step = 0.05;
  double proportional = 0.0;
  double integral = 1.0;
  double differential = 0.0;
  double accept_safety = 0.81;

  int calls = 0;  // dpm_fast: the budget of model calls
  // SDE solvers: a draw is the increment of one Brownian path from where its call's step
  // begins to where the call arrives.
  bool on_path = false;
  std::optional<std::uint64_t> noise_seed;  // of that path
  int jump_length = 10;                     // repaint
  int jump_count = 10;                      // repaint: times that a jump is made
  int correct_steps = 1;                    // score_sde_ve: Langevin steps before each step
  double signal_to_noise = 0.15;            // score_sde_ve: of a Langevin step

  // What a reference does and the papers do not; off in our own composition.
  bool quirk_churned_v = false;  // euler: v is read at sigma, not at sigma_hat
  // dpm_multistep, dpm_singlestep: sign in the third-order SDE term
  bool quirk_sde_third_order = false;
  bool quirk_half_difference = false;  // sa_solver: 1/2 for phi_2 at order 2
  bool quirk_tau_by_time = false;      // sa_solver: tau_start and tau_end are timesteps
  bool quirk_guarded_alpha = false;    // euler_ancestral_rf: 1e-12 beside a divisor
  bool quirk_call_at_end = false;      // euler_ancestral_rf: a call at sigma 0 that does nothing
  bool quirk_draw_at_end = false;      // consistency: draws for the last step and adds nothing
  bool quirk_token_sign = false;       // euler: per-token times step the other way
  bool quirk_unit_undo = false;        // repaint: undone timestep by timestep, a stride late
  bool quirk_idle_draw = false;        // ancestral, SDE, sa_solver, ddpm: draws that add nothing
  // dpm_multistep: half of the second derivative, so that order 3 converges with order 2
  bool quirk_half_curvature = false;
  // dpm_multistep: order 2 takes the mean of the last two steps for the length of this one
  bool quirk_mean_step = false;
  bool quirk_beta_at_start = false;      // score_sde_vp: beta(t) / n for the integral of beta
  bool quirk_spare_draw = false;         // dpm_multistep: order 2 draws twice, uses the second
  bool quirk_first_order_below = false;  // dpm_multistep: order 1 past the first timestep
  bool quirk_lost_x0 = false;            // ipndm: from pure noise, x0 is taken as 0
  bool quirk_early_lowering = false;     // sa_solver: orders fall a step sooner at the end
  bool quirk_misplaced_terms = false;    // ipndm_v: a slip in the weights of orders 3 and 4
  bool quirk_rectangles = false;         // deis_tab, er_sde: integrals are sums
};

// Everything that a solver may know at one model call.
class StepView {
 public:
  StepView(const GridSpec& spec, const TimeGrid& grid, const NoiseSchedule& schedule,
           const Parameterization& parameterization, const ClipRule& clip,
           const SolverOptions& options, const Node& node, bool grouped = false)
      : spec_(spec),
        grid_(grid),
        schedule_(schedule),
        parameterization_(parameterization),
        clip_(clip),
        options_(options),
        node_(node),
        grouped_(grouped) {}

  const SolverOptions& options() const { return options_; }
  const GridSpec& spec() const { return spec_; }
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
  // x0 and the noise as the unconditional prediction has them (CFG++); never clipped.
  LinearForm unconditional_denoised() const {
    return unconditional(parameterization_.denoised(sample(), node_.level));
  }
  LinearForm unconditional_epsilon() const { return unconditional(raw_epsilon()); }
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
  Frame frame() const { return parameterization_.frame; }
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
  static LinearForm unconditional(const LinearForm& form) {
    return substitute(form, Input::prediction, LinearForm::of(Input::unconditional));
  }

  const GridSpec& spec_;
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
  TimeGrid& grid;  // steps, begin and end are set; expand fills nodes
};

// What an adaptive solver may know between its calls.
struct LoopContext {
  const GridSpec& spec;
  const NoiseSchedule& schedule;
  const SolverOptions& options;
  const TimeGrid& grid;
};

// Where a loop that chooses its own steps stands.  Plain numbers, saved with the state.
struct Control {
  double position = 0.0;  // log SNR at which the next attempt begins
  double step = 0.0;      // in log SNR
  double inverse_error[3] = {};
  std::int64_t accepted = 0;
  std::int64_t rejected = 0;
  std::int64_t draws = 0;  // taken so far
  std::int32_t stage = 0;  // of the next call within its attempt
  std::int32_t finished = 0;
};
// Of attempts, draws and calls, more than a loop can take: what is loaded may count on from there.
constexpr std::int64_t kMostCounted = std::int64_t{1} << 48;

// What an adaptive solver is besides its plans.  The loop goes from the beginning of step
// grid.begin to the end of step grid.end - 1.
struct Adaptive {
  Control (*start)(const LoopContext&);
  Node (*node)(const LoopContext&, const Control&);
  // After the last call of an attempt, with its error: whether it is accepted, and where
  // to go on.
  bool (*judge)(const LoopContext&, double error, Control&);
  bool (*is_sane)(const LoopContext&, const Control&);  // of a saved one
};

enum class Noise { never, optional, always };

// What a step costs, at most.
struct StepCost {
  int (*memory_rows)(const SolverOptions&);
  int (*draws)(const SolverOptions&);
  int model_calls;
  int (*order)(const SolverOptions&);  // of accuracy
  Noise noise;
};

// The frames in which the formulas of a solver hold.
enum Frames : unsigned { kVp = 1, kVe = 2, kFlow = 4, kAnyFrame = kVp | kVe | kFlow };

struct Solver {
  const char* name;
  const char* paper;
  StepPlan (*plan)(const StepView&);
  void (*expand)(const Expansion&);
  StepCost cost;
  unsigned frames;
  // The step once its norms are known; only for solvers whose plans measure.
  StepPlan (*finish)(const StepView&, const Measured&) = nullptr;
  const Adaptive* adaptive = nullptr;  // only for solvers that choose their own steps
  // Steps of the grid for what the caller asks as num_steps, where the two differ; such a
  // grid is even in log SNR, its last point where the loop ends.
  int (*grid_steps)(int num_steps) = nullptr;
  // Every step needs the unconditional prediction, whatever the guidance (CFG++).
  bool needs_unconditional = false;

  bool holds_in(Frame frame) const {
    return (frames & (frame == Frame::vp ? kVp : frame == Frame::ve ? kVe : kFlow)) != 0;
  }
};

// A CFG++ method: each of its steps needs the unconditional prediction.
constexpr Solver with_unconditional(Solver solver) {
  solver.needs_unconditional = true;
  return solver;
}

// The solver of that name; nullptr where there is none.
const Solver* find_solver(const char* name);

// The common expansion: one model call for each step.
void expand_single(const Expansion& expansion);
// The first model call of step i, churned where the options say so; a churn with a call of
// its own is added to the nodes.
Node begin_step(const Expansion& expansion, int i);
// gamma of Karras et al. 2022, algorithm 2: how much a sample at `sigma` is churned.
double churn_of(const SolverOptions& options, double sigma);
// The deviation of the noise that takes a sample from `sigma` up to `hat`.
double churn_noise(const SolverOptions& options, double sigma, double hat);
// A call without a model: noise takes the sample from its level up to another.
StepPlan plan_renoise(const StepView& step);
// Two calls for each step: the first takes the sample to the level that `middle_of` says,
// the second is made there.  One call where it says nothing.
using MiddleOf = std::optional<NoiseLevel> (*)(const Expansion&, const GridStep&);
void expand_with_middle(const Expansion& expansion, MiddleOf middle_of);
// The noise that takes an ancestral step from below the target up to it: none where eta or its
// deviation is 0, nor at clean data.
inline void add_ancestral_noise(const StepView& step, double eta, double up, StepPlan& plan) {
  const double scale = step.options().noise_scale;
  if (eta == 0.0 || scale == 0.0 || step.ends_at_data()) return;
  plan.next = plan.next + (scale * up) * step.noise();
  plan.draws = 1;
}

inline int no_rows(const SolverOptions&) { return 0; }
template <int n>
int order_is(const SolverOptions&) {
  return n;
}
inline int order_asked(const SolverOptions& options) { return options.order; }
inline int no_draws(const SolverOptions&) { return 0; }
inline int one_draw(const SolverOptions&) { return 1; }
inline int draw_with_churn(const SolverOptions& options) { return options.churn > 0.0 ? 1 : 0; }
inline int draw_with_eta(const SolverOptions& options) { return options.eta > 0.0 ? 1 : 0; }

}  // namespace sched

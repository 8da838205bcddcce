#include "quirks.hpp"

namespace sched {

namespace {

// A flag of the solver's options, or of the grid.
template <bool SolverOptions::*Flag>
bool option_is_on(const Factors& f) {
  return f.options.*Flag;
}
template <bool SolverOptions::*Flag>
void set_option(Factors& f, bool on) {
  f.options.*Flag = on;
}
template <bool GridSpec::*Flag>
bool grid_is_on(const Factors& f) {
  return f.grid.*Flag;
}
template <bool GridSpec::*Flag>
void set_grid(Factors& f, bool on) {
  f.grid.*Flag = on;
}

using Fits = bool (*)(const Factors&);

template <bool SolverOptions::*Flag>
Quirk of_solver(const char* name, const char* where, Fits fits, const char* description) {
  return {name, description, where, fits, option_is_on<Flag>, set_option<Flag>};
}
template <bool GridSpec::*Flag>
Quirk of_grid(const char* name, const char* where, Fits fits, const char* description) {
  return {name, description, where, fits, grid_is_on<Flag>, set_grid<Flag>};
}

bool is_flow(const Factors& f) { return f.grid.family == GridFamily::flow; }
bool is_shaped(const Factors& f) { return f.grid.family == GridFamily::shaped; }
bool takes_groups(const Factors& f) {
  return f.grid.family == GridFamily::timesteps && (f.init_options & kGroups) != 0;
}
bool is_sde_form(const Factors& f) {
  return is_solver(f, {"dpm_multistep", "dpm_singlestep"}) && is_sde(f.options.algorithm);
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Quirk> solver_quirks() {
  using O = SolverOptions;
  return {
      of_solver<&O::quirk_churned_v>(
          "churned_v", "solver euler with prediction v",
          [](const Factors& f) {
            return is_solver(f, {"euler"}) && f.parameterization.prediction == Prediction::v;
          },
          "with churn, v is read at the level before it, and not where the sample is"),
      {"churn_after_call", "churn is added after the model call, so that the model has not seen it",
       "solver euler in frame ve",
       [](const Factors& f) { return is_solver(f, {"euler"}) && f.grid.frame == Frame::ve; },
       [](const Factors& f) { return f.options.churn_place == ChurnPlace::after_call; },
       [](Factors& f, bool on) {
         f.options.churn_place = on ? ChurnPlace::after_call : ChurnPlace::before_call;
       }},
      of_solver<&O::quirk_sde_third_order>(
          "sde_third_order", "an SDE form of dpm_multistep or dpm_singlestep, of order 3",
          [](const Factors& f) { return is_sde_form(f) && f.options.order == 3; },
          "a sign in the third-order SDE term keeps it from vanishing with the step"),
      of_solver<&O::quirk_half_curvature>(
          "half_curvature", "solver dpm_multistep of order 3",
          [](const Factors& f) { return is_solver(f, {"dpm_multistep"}) && f.options.order == 3; },
          "half of the second derivative, so that order 3 converges with order 2"),
      of_solver<&O::quirk_mean_step>(
          "mean_step", "solver dpm_multistep of order 2, algorithm data, type midpoint",
          [](const Factors& f) {
            return is_solver(f, {"dpm_multistep"}) && f.options.order == 2 &&
                   f.options.algorithm == DpmAlgorithm::data && f.options.type == DpmType::midpoint;
          },
          "the predictions are weighted as if the step were as long as the mean of the last two"),
      of_solver<&O::quirk_half_difference>(
          "half_difference", "solvers sa_solver and sa_solver_pece",
          [](const Factors& f) {
            return is_solver(f, {"sa_solver", "sa_solver_pece"});
          },
          "one half, its limit for short steps, stands for phi_2 at order 2"),
      of_solver<&O::quirk_tau_by_time>(
          "tau_by_time", "solvers sa_solver and sa_solver_pece",
          [](const Factors& f) {
            return is_solver(f, {"sa_solver", "sa_solver_pece"});
          },
          "noise is injected between two timesteps, whatever their sigmas"),
      of_solver<&O::quirk_early_lowering>(
          "early_lowering", "solvers sa_solver and sa_solver_pece",
          [](const Factors& f) {
            return is_solver(f, {"sa_solver", "sa_solver_pece"});
          },
          "the orders of the last steps to clean data fall a step sooner"),
      of_solver<&O::quirk_guarded_alpha>(
          "guarded_alpha", "solver euler_ancestral_rf",
          [](const Factors& f) { return is_solver(f, {"euler_ancestral_rf"}); },
          "1e-12 is added to an alpha that is divided by"),
      of_solver<&O::quirk_call_at_end>(
          "call_at_end", "solver euler_ancestral_rf",
          [](const Factors& f) { return is_solver(f, {"euler_ancestral_rf"}); },
          "with custom sigmas the model is asked at sigma 0 once more, in vain"),
      of_solver<&O::quirk_draw_at_end>(
          "draw_at_end", "solver consistency",
          [](const Factors& f) { return is_solver(f, {"consistency"}); },
          "noise is drawn for the last step and not added"),
      of_solver<&O::quirk_token_sign>(
          "token_sign", "solver flow_match_euler",
          [](const Factors& f) {
            return is_solver(f, {"euler", "flow_match_euler"}) && (f.init_options & kGroups) != 0;
          },
          "per-token times step with the opposite sign"),
      of_solver<&O::quirk_unit_undo>(
          "unit_undo", "solver repaint", [](const Factors& f) { return is_solver(f, {"repaint"}); },
          "steps are undone timestep by timestep, a stride late"),
      of_solver<&O::quirk_idle_draw>(
          "idle_draw", "ancestral and SDE solvers, sa_solver and ddpm",
          [](const Factors& f) {
            const bool wuerstchen = f.options.variance == Variance::posterior;
            return is_sde_form(f) ||
                   is_solver(f, {"euler_ancestral", "sa_solver", "sa_solver_pece"}) ||
                   (is_solver(f, {"ddpm"}) && wuerstchen);
          },
          "noise is drawn where none is added, which moves every later draw"),
      of_solver<&O::quirk_beta_at_start>(
          "beta_at_start", "solver score_sde_vp",
          [](const Factors& f) {
            return is_solver(f, {"score_sde_vp"}) && f.grid.family == GridFamily::vp_sde;
          },
          "beta where a step begins, over n, stands for its integral over the step"),
      of_solver<&O::quirk_spare_draw>(
          "spare_draw", "an SDE form of dpm_multistep",
          [](const Factors& f) { return is_sde_form(f) && is_solver(f, {"dpm_multistep"}); },
          "a step of order 2 draws twice and throws the first away"),
      of_solver<&O::quirk_first_order_below>(
          "first_order_below", "solver dpm_multistep over timesteps",
          [](const Factors& f) { return is_solver(f, {"dpm_multistep"}); },
          "the step past the first timestep is of order 1"),
      of_solver<&O::quirk_lost_x0>(
          "lost_x0", "solver ipndm", [](const Factors& f) { return is_solver(f, {"ipndm"}); },
          "from pure noise, x0 is taken as 0"),
      of_solver<&O::quirk_rectangles>(
          "rectangles", "solver deis_tab, or er_sde of order 2 or 3",
          [](const Factors& f) {
            return is_solver(f, {"deis_tab"}) || (is_solver(f, {"er_sde"}) && f.options.order > 1);
          },
          "integrals are sums over 10000 points, er_sde's over 200, which miss a little"),
      of_solver<&O::quirk_misplaced_terms>(
          "misplaced_terms", "solver ipndm_v of order 3 or 4",
          [](const Factors& f) { return is_solver(f, {"ipndm_v"}) && f.options.order > 2; },
          "a slip in the weights of orders 3 and 4, which keeps them from their order"),
  };
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Quirk> grid_quirks() {
  using G = GridSpec;
  return {
      of_grid<&G::stride_previous>(
          "stride_previous", "solvers over whole timesteps (ddim, ddpm, pndm, repaint)",
          [](const Factors& f) { return f.grid.family == GridFamily::timesteps && !f.grid.rising; },
          "a step ends at t - T / n, which is where the next begins in leading spacing only"),
      of_grid<&G::quirk_groups_by_stride>(
          "groups_by_stride", "solvers ddim and ddpm over whole timesteps", takes_groups,
          "steps at times of their own end a stride lower, whatever the spacing"),
      of_grid<&G::quirk_groups_end_at_data>(
          "groups_end_at_data", "solvers ddim and ddpm over whole timesteps", takes_groups,
          "steps at times of their own end at clean data past the first timestep"),
      of_grid<&G::shift_twice>("shift_twice", "schedule flow", is_flow,
                               "the flow shift is applied to end points that have it"),
      of_grid<&G::nudge_first>("nudge_first", "schedule flow", is_flow,
                               "a first sigma of 1 is lowered by 1e-6"),
      of_grid<&G::keeps_custom_times>("keeps_custom_times", "schedule flow", is_flow,
                                      "the model is given custom timesteps before their shift"),
      of_grid<&G::argument_means_all>(
          "argument_means_all", "solvers lcm and tcd",
          [](const Factors& f) { return f.grid.family == GridFamily::subset; },
          "original_inference_steps as an argument asks for every timestep"),
      of_grid<&G::squared_sigmas>(
          "squared_sigmas", "the class KarrasVeScheduler",
          [](const Factors& f) { return f.grid.family == GridFamily::geometric; },
          "the square of sigma is taken for sigma"),
      of_grid<&G::quirk_sigmas_are_ramp>(
          "sigmas_are_ramp", "schedule tableless", is_shaped,
          "custom sigmas are positions along the shape, from 0 to 1"),
      of_grid<&G::quirk_single_is_lowest>(
          "single_is_lowest", "schedule tableless with shape exponential",
          [](const Factors& f) { return is_shaped(f) && f.grid.shape == SigmaShape::exponential; },
          "a single step of an exponential shape is at sigma_min"),
      {"truncated_timesteps", "the timesteps of shaped sigmas lose their fractions",
       "a grid of shaped sigmas over a table",
       [](const Factors& f) {
         return f.grid.family == GridFamily::sigmas || f.grid.family == GridFamily::flow;
       },
       [](const Factors& f) { return f.grid.shaped_times == TimeRounding::truncate; },
       [](Factors& f, bool on) {
         f.grid.shaped_times = on ? TimeRounding::truncate : TimeRounding::keep;
       }},
      {"rounded_timesteps", "the timesteps of shaped sigmas are rounded",
       "a grid of shaped sigmas over a table",
       [](const Factors& f) {
         return f.grid.family == GridFamily::sigmas && f.grid.shape != SigmaShape::none;
       },
       [](const Factors& f) { return f.grid.shaped_times == TimeRounding::nearest; },
       [](Factors& f, bool on) {
         f.grid.shaped_times = on ? TimeRounding::nearest : TimeRounding::keep;
       }},
  };
}

}  // namespace

const std::vector<Quirk>& quirks() {
  static const std::vector<Quirk> table = [] {
    std::vector<Quirk> all = solver_quirks();
    for (const Quirk& quirk : grid_quirks()) all.push_back(quirk);
    return all;
  }();
  return table;
}

const Quirk* find_quirk(const std::string& name) {
  for (const Quirk& quirk : quirks()) {
    if (name == quirk.name) return &quirk;
  }
  return nullptr;
}

std::vector<const Quirk*> active_quirks(const Factors& f) {
  std::vector<const Quirk*> active;
  for (const Quirk& quirk : quirks()) {
    if (quirk.fits(f) && quirk.is_on(f)) active.push_back(&quirk);
  }
  return active;
}

void set_quirk(const std::string& name, Factors& f) {
  const Quirk* quirk = find_quirk(name);
  if (quirk == nullptr) {
    std::string known;
    for (const Quirk& entry : quirks())
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    fail(Status::value, "quirks: unknown quirk ", name, "; known are ", known);
  }
  if (!quirk->fits(f)) {
    fail(Status::conflict, "quirks: ", name, " has no effect here; it belongs to ", quirk->where);
  }
  quirk->set(f, true);
}

}  // namespace sched

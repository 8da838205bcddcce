// What goes together in our own composition, as a table: each rule with what breaks it and
// the sentence that says why.

#include "../plan/grid_parts.hpp"
#include "composition_parts.hpp"

namespace sched {

namespace {

const char* word(Frame frame) {
  return frame == Frame::flow ? "flow" : frame == Frame::ve ? "ve" : "vp";
}

bool predicts(const Factors& f, std::initializer_list<Prediction> kinds) {
  for (const Prediction kind : kinds) {
    if (f.parameterization.prediction == kind) return true;
  }
  return false;
}

bool is_over_table(const Factors& f) {
  return f.grid.shape == SigmaShape::none || is_over_timesteps(f.grid.shape);
}

bool has_ends(const Factors& f) {
  const bool from_zero = f.grid.shape == SigmaShape::linear_quadratic;
  return has_own_sigmas(f.grid.shape) || (f.grid.sigma_max && (f.grid.sigma_min || from_zero));
}

// The solver's steps are a deterministic function of the network's answers.
bool is_deterministic(const Factors& f) {
  const bool sde = is_solver(f, {"dpm_multistep", "dpm_singlestep"}) && is_sde(f.options.algorithm);
  const bool stochastic_adams =
      is_solver(f, {"sa_solver", "sa_solver_pece"}) && f.options.tau > 0.0;
  const bool needs_eta_zero = is_solver(f, {"dpm_fast", "dpm_adaptive", "euler_ancestral_rf"}) ||
                              (is_solver(f, {"seeds_2", "seeds_3"}) && f.options.eta > 0.0);
  return f.solver->cost.noise != Noise::always && !sde && !stochastic_adams && !needs_eta_zero &&
         !is_solver(
             f, {"euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde",
                 "res_multistep_ancestral", "euler_ancestral_cfg_pp", "dpmpp_2s_ancestral_cfg_pp",
                 "res_multistep_ancestral_cfg_pp", "lcm", "tcd"});
}

struct Rule {
  bool (*is_broken)(const Factors&);
  std::string (*reason)(const Factors&);
};

// The conditions and sentences stand side by side, so that a rule is read as one.
const Rule kRules[] = {
    // Frames and predictions.
    {[](const Factors& f) { return (f.grid.frame == Frame::flow) != f.schedule.flow; },
     [](const Factors&) -> std::string {
       return "parameterization: frame flow and schedule flow go together";
     }},
    {[](const Factors& f) { return f.schedule.tableless && f.grid.frame != Frame::ve; },
     [](const Factors& f) {
       return text_of("parameterization: frame ", word(f.grid.frame),
                      " with schedule tableless, whose sigmas are in frame ve");
     }},
    {[](const Factors& f) { return predicts(f, {Prediction::flow}) && !f.schedule.flow; },
     [](const Factors&) -> std::string {
       return "parameterization: prediction flow needs schedule flow";
     }},
    {[](const Factors& f) {
       return f.schedule.flow && !predicts(f, {Prediction::flow, Prediction::sample});
     },
     [](const Factors&) -> std::string {
       return "parameterization: prediction epsilon, v, edm or a score with schedule flow does not "
              "determine x0 at sigma 1, where there is no data; allowed are flow | sample";
     }},
    {[](const Factors& f) {
       return f.parameterization.reversed_flow && !predicts(f, {Prediction::flow});
     },
     [](const Factors&) -> std::string {
       return "parameterization: reversed_flow needs prediction flow";
     }},
    {[](const Factors& f) { return !f.solver->holds_in(f.grid.frame); },
     [](const Factors& f) {
       return text_of("solver ", f.solver->name, " is not defined in frame ", word(f.grid.frame));
     }},
    {[](const Factors& f) {
       return is_solver(f, {"pndm"}) && !predicts(f, {Prediction::epsilon, Prediction::v});
     },
     [](const Factors&) -> std::string { return "solver pndm needs prediction epsilon | v"; }},
    {[](const Factors& f) { return !f.parameterization.scales_input && f.grid.frame != Frame::ve; },
     [](const Factors& f) {
       return text_of("parameterization: scales_input false has no effect in frame ",
                      word(f.grid.frame), ", where no input is scaled");
     }},
    {[](const Factors& f) {
       const bool plain = f.grid.model_time == ModelTime::timestep && !f.grid.sigma_times;
       return f.schedule.flow && !plain;
     },
     [](const Factors&) -> std::string {
       return "parameterization: model_time with schedule flow, whose time is the sigma; leave it "
              "out";
     }},
    // x0 limited by a clip is not what these solvers step with: it would be ignored.
    {[](const Factors& f) {
       return f.clip.mode != Clip::none &&
              is_solver(f, {"pndm", "dpm_fast", "dpm_adaptive", "score_sde_ve", "tcd"});
     },
     [](const Factors& f) {
       return text_of("parameterization: clip and threshold_ratio have no effect on solver ",
                      f.solver->name);
     }},
    {[](const Factors& f) { return f.clip.mode != Clip::none && f.solver->needs_unconditional; },
     [](const Factors& f) {
       return text_of("parameterization: clip and threshold_ratio with solver ", f.solver->name,
                      ", which steps with two predictions, and only one of them would be limited");
     }},
    // Solvers and orders.
    {[](const Factors& f) {
       return is_solver(f, {"dpm_multistep"}) && f.options.order == 3 &&
              f.options.algorithm == DpmAlgorithm::sde_noise;
     },
     [](const Factors&) -> std::string {
       return "solver: order 3 with algorithm sde_noise, which has orders 1 and 2";
     }},
    // Solvers and grids.
    {[](const Factors& f) {
       const bool own = is_solver(f, {"pndm", "repaint", "tcd"});
       const bool without = is_solver(f, {"lcm"}) && f.schedule.tableless;
       return without || (own && (f.grid.shape != SigmaShape::none || f.schedule.tableless));
     },
     [](const Factors& f) {
       return text_of("solver ", f.solver->name,
                      " goes by whole timesteps: grid shape must be none, and the schedule have a "
                      "table");
     }},
    {[](const Factors& f) {
       const bool even =
           f.grid.shape == SigmaShape::none || f.grid.shape == SigmaShape::exponential;
       return f.solver->grid_steps != nullptr && !even && !f.schedule.tableless;
     },
     [](const Factors& f) {
       return text_of("solver ", f.solver->name,
                      " spaces its own steps evenly in log SNR: grid shape must be none or "
                      "exponential");
     }},
    {[](const Factors& f) {
       const bool counts = is_solver(f, {"pndm", "repaint", "lcm", "tcd"});
       return f.grid.skips_smallest && (counts || f.solver->grid_steps != nullptr);
     },
     [](const Factors& f) {
       return text_of("grid: skip_smallest with solver ", f.solver->name,
                      ", which makes its own steps");
     }},
    {[](const Factors& f) { return f.schedule.tableless && is_over_table(f); },
     [](const Factors&) -> std::string {
       return "grid: a shape over timesteps, or none, with schedule tableless, which has none; "
              "choose " +
              shapes_over_sigmas(false);
     }},
    {[](const Factors& f) { return f.schedule.tableless && !has_ends(f); },
     [](const Factors&) -> std::string {
       return "grid: sigma_min and sigma_max must be given, since schedule tableless has no table "
              "to take them from";
     }},
    {[](const Factors& f) {
       return f.schedule.tableless && f.grid.model_time == ModelTime::timestep &&
              !f.grid.sigma_times;
     },
     [](const Factors&) -> std::string {
       return "parameterization: model_time timestep with schedule tableless, which has none; "
              "choose sigma | quarter_log | quarter_log_thousand | arctan";
     }},
    {[](const Factors& f) {
       return f.grid.final_sigma == FinalSigma::shaped && f.grid.shape == SigmaShape::none &&
              !f.grid.rising;
     },
     [](const Factors&) -> std::string {
       return "grid: final_sigma shaped needs a shape, whose last sigma it is";
     }},
    // Inversion.
    {[](const Factors& f) { return f.grid.rising && (f.schedule.flow || f.schedule.tableless); },
     [](const Factors& f) {
       return text_of("grid: inverse with schedule ", f.schedule.flow ? "flow" : "tableless",
                      "; it needs a schedule of betas");
     }},
    {[](const Factors& f) {
       const bool whole = is_solver(f, {"pndm", "repaint"}) || f.solver->grid_steps != nullptr;
       return f.grid.rising && (whole || !is_deterministic(f));
     },
     [](const Factors& f) {
       return text_of("grid: inverse with solver ", f.solver->name,
                      ", which draws noise or makes its own steps: the variance of the noise would "
                      "be negative where sigma rises");
     }},
    {[](const Factors& f) { return f.grid.rising && is_solver(f, {"heunpp2"}); },
     [](const Factors&) -> std::string {
       return "grid: inverse with solver heunpp2, whose weights are parts of the first sigma";
     }},
    {[](const Factors& f) {
       return f.grid.rising &&
              (is_over_timesteps(f.grid.shape) || f.grid.shape == SigmaShape::linear_quadratic);
     },
     [](const Factors&) -> std::string {
       return "grid: inverse with a shape over timesteps or linear_quadratic; choose none | " +
              shapes_over_sigmas(true);
     }},
    {[](const Factors& f) {
       return f.grid.rising && f.grid.shape == SigmaShape::none &&
              f.grid.spacing == Spacing::trailing;
     },
     [](const Factors&) -> std::string {
       return "grid: inverse with spacing trailing, whose last step would go nowhere; choose "
              "linspace | leading";
     }},
};

}  // namespace

void check_pairs(const Factors& f) {
  for (const Rule& rule : kRules) {
    if (rule.is_broken(f)) throw Error(Status::conflict, rule.reason(f));
  }
}

}  // namespace sched

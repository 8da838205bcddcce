// Our own composition: any solver with any schedule, grid and parameterization that make
// sense together, for everything that a diffusers file cannot say.
//
//   {"solver": "dpm_multistep" or {"name": "dpm_multistep", "order": 3},
//    "schedule": "scaled_linear" or {"type": "scaled_linear", "beta_start": 0.00085},
//    "grid": "karras" or {"shape": "karras", "rho": 7, "spacing": "trailing"},
//    "parameterization": "epsilon" or {"prediction": "epsilon", "frame": "vp"}}
//
// Nothing here reproduces a reference's quirks: steps end where the next begins, shifts
// are applied once, custom timesteps and sigmas are used as given.

#include <cstring>
#include <nlohmann/json.hpp>

#include "composed_solvers.hpp"

namespace sched {

using nlohmann::json;

namespace {

// A section may be an object, or a string that stands for its first key.
json section(const json& object, const char* name, const char* first) {
  if (!object.contains(name)) return json::object();
  const json& value = object.at(name);
  if (value.is_object()) return value;
  if (!value.is_string()) fail(Status::type, name, " must be an object or a string");
  return json{{first, value}};
}

// The first method of a solver stands for it.
int method_of(const char* solver) {
  std::size_t i = 0;
  while (i < methods().size() && std::strcmp(methods()[i].solver_name, solver) != 0) ++i;
  return static_cast<int>(i);
}

void read_solver(const json& object, Notes& notes, Factors& f) {
  const json value = section(object, "solver", "name");
  if (!value.contains("name") || !value.at("name").is_string()) {
    fail(Status::type, "solver: name must be a string");
  }
  const std::string name = value.at("name").get<std::string>();
  const ComposedSolver* composed = find_composed_solver(name);
  if (composed == nullptr) {
    std::string known;
    for (const ComposedSolver& entry : composed_solvers()) {
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    fail(Status::unknown_class, "unknown solver ", name, "; known are ", known);
  }
  f.solver = find_solver(composed->solver);
  f.method = method_of(composed->solver);
  f.init_options = composed->init_options;
  const Keys keys = Keys{choice("name", "", "")} + composed->keys;
  const std::string where = "solver: ";
  composed->build(Values(value, keys, where, notes), f);
}

void read_schedule(const json& object, Notes& notes, Factors& f) {
  static const Keys keys = {
      choice(
          "type", "scaled_linear",
          "linear | scaled_linear | squaredcos_cap_v2 | sigmoid | laplace | exp | trained | flow"),
      whole("num_train_timesteps", 1000, 1, 1000000),
      real("beta_start", 0.00085, 0, 1),
      real("beta_end", 0.012, 0, 1),
      optional_list("trained_betas", 0, 1),
      boolean("zero_terminal_snr", false)};
  const std::string where = "schedule: ";
  const Values v(section(object, "schedule", "type"), keys, where, notes);
  static constexpr std::pair<const char*, BetaSchedule> kinds[] = {
      {"linear", BetaSchedule::linear},
      {"scaled_linear", BetaSchedule::scaled_linear},
      {"squaredcos_cap_v2", BetaSchedule::squaredcos_cap_v2},
      {"sigmoid", BetaSchedule::sigmoid},
      {"laplace", BetaSchedule::laplace},
      {"exp", BetaSchedule::exp},
      {"trained", BetaSchedule::trained}};
  ScheduleSpec& s = f.schedule;
  const std::string& type = v.text("type");
  s.flow = type == "flow" || (f.solver == find_solver("flow_match_euler") && !v.given("type"));
  for (const auto& [name, kind] : kinds) {
    if (type == name) s.kind = kind;
  }
  s.train_steps = v.integer("num_train_timesteps");
  s.beta_start = v.number("beta_start");
  s.beta_end = v.number("beta_end");
  if (v.flag("zero_terminal_snr")) s.zero_snr = ZeroSnr::exact;
  if ((s.kind == BetaSchedule::trained) != v.given("trained_betas")) {
    fail(Status::conflict, "schedule: trained_betas and type trained go together");
  }
  s.trained_betas = v.numbers("trained_betas");
  if (s.kind == BetaSchedule::trained) s.train_steps = static_cast<int>(s.trained_betas.size());
  if (s.train_steps < 1) fail(Status::value, "schedule: trained_betas is empty");
}

void read_parameterization(const json& object, Notes& notes, Factors& f) {
  const Solver& solver = *f.solver;
  const char* frame = f.schedule.flow ? "flow" : solver.holds_in(Frame::vp) ? "vp" : "ve";
  const Keys keys = {
      choice("prediction", f.schedule.flow ? "flow" : "epsilon", "epsilon | v | sample | flow"),
      choice("frame", frame, "vp | ve | flow"), optional_real("clip", 0.0, 1e30, true),
      optional_real("threshold_ratio", 0.0, 1.0, true),
      real("threshold_max", 1.0, 0.0, 1e30, true)};
  const std::string where = "parameterization: ";
  const Values v(section(object, "parameterization", "prediction"), keys, where, notes);
  const std::string& prediction = v.text("prediction");
  f.parameterization.prediction = prediction == "v"        ? Prediction::v
                                  : prediction == "sample" ? Prediction::sample
                                  : prediction == "flow"   ? Prediction::flow
                                                           : Prediction::epsilon;
  const std::string& name = v.text("frame");
  const Frame chosen = name == "flow" ? Frame::flow : name == "ve" ? Frame::ve : Frame::vp;
  f.parameterization.frame = chosen;
  f.grid.frame = chosen;
  if ((chosen == Frame::flow) != f.schedule.flow) {
    fail(Status::conflict, "parameterization: frame flow and schedule flow go together");
  }
  if ((f.parameterization.prediction == Prediction::flow) != f.schedule.flow &&
      f.parameterization.prediction != Prediction::sample) {
    fail(Status::conflict, "parameterization: prediction ", prediction,
         f.schedule.flow ? " with schedule flow; allowed are flow | sample"
                         : " needs schedule flow");
  }
  if (!solver.holds_in(chosen)) {
    fail(Status::conflict, "solver ", solver.name, " is not defined in frame ", name);
  }
  if (std::strcmp(solver.name, "pndm") == 0 &&
      f.parameterization.prediction == Prediction::sample) {
    fail(Status::conflict, "solver pndm needs prediction epsilon | v");
  }
  if (const auto clip = v.maybe("clip")) f.clip = {Clip::range, *clip, 0.995, 1.0};
  if (const auto ratio = v.maybe("threshold_ratio")) {
    f.clip = {Clip::quantile, 1.0, *ratio, v.number("threshold_max")};
  }
}

void read_grid(const json& object, Notes& notes, Factors& f) {
  static const Keys keys = {choice("shape", "none", "none | karras | exponential | beta"),
                            choice("spacing", "linspace", "linspace | leading | trailing"),
                            whole("steps_offset", 0, -1000000, 1000000),
                            real("rho", 7.0, 0.0, 1000.0, true),
                            optional_real("sigma_min", 0, 1e6, true),
                            optional_real("sigma_max", 0, 1e6, true),
                            choice("final_sigma", "zero", "zero | sigma_min"),
                            real("shift", 1.0, 0, 1e6, true),
                            boolean("dynamic_shift", false),
                            choice("time_shift", "exponential", "exponential | linear"),
                            optional_real("shift_terminal", 0.0, 0.999999, true)};
  const std::string where = "grid: ";
  const Values v(section(object, "grid", "shape"), keys, where, notes);
  GridSpec& g = f.grid;
  const std::string& shape = v.text("shape");
  g.shape = shape == "karras"        ? SigmaShape::karras
            : shape == "exponential" ? SigmaShape::exponential
            : shape == "beta"        ? SigmaShape::beta
                                     : SigmaShape::none;
  const std::string& spacing = v.text("spacing");
  g.spacing = spacing == "leading"    ? Spacing::leading
              : spacing == "trailing" ? Spacing::trailing
                                      : Spacing::linspace;
  g.steps_offset = v.integer("steps_offset");
  g.rho = v.number("rho");
  g.sigma_min = v.maybe("sigma_min");
  g.sigma_max = v.maybe("sigma_max");
  if (v.text("final_sigma") == "sigma_min") {
    g.final_sigma = f.schedule.flow ? FinalSigma::last : FinalSigma::sigma_min;
  }
  g.shift = v.number("shift");
  g.dynamic_shift = v.flag("dynamic_shift");
  g.time_shift = v.text("time_shift") == "linear" ? TimeShift::linear : TimeShift::exponential;
  g.shift_terminal = v.maybe("shift_terminal");
  const bool shifts = g.dynamic_shift || v.given("shift") || g.shift_terminal;
  if (shifts && !f.schedule.flow) {
    fail(Status::conflict, "grid: shift, dynamic_shift and shift_terminal need schedule flow");
  }
}

// Solvers that space their own steps, evenly in log SNR down to sigma_min.
void set_even_grid(Factors& f) {
  GridSpec& g = f.grid;
  if (g.shape != SigmaShape::none && g.shape != SigmaShape::exponential) {
    fail(Status::conflict, "solver ", f.solver->name,
         " spaces its own steps evenly in log SNR: grid shape must be none or exponential");
  }
  g.family = GridFamily::sigmas;
  g.shape = SigmaShape::exponential;
  g.final_sigma = FinalSigma::shaped;
  f.init_options |= kSigmas;
  f.init_options &= ~static_cast<unsigned>(kTimesteps);
}

// x0 limited by a clip is not what these solvers step with: it would be ignored.
void check_clip(const Factors& f) {
  const std::string solver = f.solver->name;
  const bool ignores = solver == "pndm" || solver == "dpm_fast" || solver == "dpm_adaptive" ||
                       solver == "score_sde_ve" || solver == "tcd";
  if (!ignores || f.clip.mode == Clip::none) return;
  fail(Status::conflict, "parameterization: clip and threshold_ratio have no effect on solver ",
       solver);
}

// Which way of making points suits these factors, and how the first sample is scaled.
void choose_family(Factors& f) {
  GridSpec& g = f.grid;
  const std::string solver = f.solver->name;
  const bool looks_up =
      solver == "ddim" || solver == "ddpm" || solver == "pndm" || solver == "repaint";
  const bool subset = solver == "lcm" || solver == "tcd";
  g.shape_from_table = true;
  g.whole_range = true;
  f.init_options |= kTimesteps;
  if (f.schedule.flow) {
    g.family = GridFamily::flow;
    g.sigmas_with_end = true;
    f.init_options |= kSigmas | kMu;
  } else if (f.solver->grid_steps != nullptr) {
    set_even_grid(f);
  } else if (subset && g.shape == SigmaShape::none) {
    g.family = GridFamily::subset;
  } else if (looks_up && g.shape == SigmaShape::none && g.frame == Frame::vp) {
    g.family = GridFamily::timesteps;
    g.whole_times = true;
    g.final_alpha_one = g.final_sigma == FinalSigma::zero;
  } else {
    g.family = GridFamily::sigmas;
    f.init_options |= kSigmas;
    // A linspace to timestep 0 leaves no room for the last step to zero otherwise.
    g.drop_last = g.spacing != Spacing::trailing && g.frame == Frame::vp;
  }
  // These look levels up at timesteps that they compute themselves.
  const bool whole = solver == "pndm" || solver == "repaint" || solver == "tcd";
  if (whole && g.family != GridFamily::timesteps && g.family != GridFamily::subset) {
    fail(Status::conflict, "solver ", solver,
         " steps over whole timesteps: grid shape must be none");
  }
  if (solver == "pndm" || solver == "repaint") {
    f.init_options &= ~static_cast<unsigned>(kTimesteps | kSigmas);
  }
  // Churn adds noise in the ve frame.
  if (g.frame != Frame::ve) f.init_options &= ~static_cast<unsigned>(kChurn);
  if (g.frame == Frame::ve) g.init_sigma = GridSpec::InitSigma::largest;
  if (f.schedule.zero_snr == ZeroSnr::exact && g.family == GridFamily::sigmas) {
    f.schedule.zero_snr = ZeroSnr::smallest;
  }
}

void check_top_level(const json& object, Notes& notes) {
  static const Keys keys = {choice("solver", "", ""), choice("schedule", "", ""),
                            choice("grid", "", ""), choice("parameterization", "", "")};
  for (const auto& [name, value] : object.items()) {
    bool known = !name.empty() && name[0] == '_';
    for (const KeySpec& key : keys) known = known || name == key.name;
    if (!known) {
      notes.trouble(Status::unknown_key,
                    text_of("unknown key ", name, "; known are ", names_of(keys)));
    }
  }
}

}  // namespace

Factors read_composition(const json& object, Notes& notes) {
  check_top_level(object, notes);
  Factors f;
  read_solver(object, notes, f);
  read_schedule(object, notes, f);
  read_grid(object, notes, f);
  read_parameterization(object, notes, f);
  check_clip(f);
  choose_family(f);
  return f;
}

}  // namespace sched

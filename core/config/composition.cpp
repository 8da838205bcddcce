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

#include "factors.hpp"
#include "keys.hpp"

namespace sched {

using nlohmann::json;

namespace {

// A solver by the name that people use, with the options that the name stands for.
struct Alias {
  const char* name;
  const char* solver;
  DpmAlgorithm algorithm;
  int order;
};

constexpr Alias kAliases[] = {
    {"dpm_multistep", "dpm_multistep", DpmAlgorithm::data, 2},
    {"dpmpp_2m", "dpm_multistep", DpmAlgorithm::data, 2},
    {"dpmpp_3m", "dpm_multistep", DpmAlgorithm::data, 3},
    {"dpmpp_2m_sde", "dpm_multistep", DpmAlgorithm::sde_data, 2},
    {"dpmpp_3m_sde", "dpm_multistep", DpmAlgorithm::sde_data, 3},
    {"lms", "lms", DpmAlgorithm::data, 4},
    {"unipc", "unipc", DpmAlgorithm::data, 2},
};

Keys solver_keys(const std::string& solver, int order) {
  Keys keys{choice("name", "", "")};
  const auto add = [&](const Keys& more) { keys.insert(keys.end(), more.begin(), more.end()); };
  if (solver == "ddpm") {
    add({choice("variance", "fixed_small", "fixed_small | fixed_large | learned | learned_range")});
  } else if (solver == "pndm") {
    add({boolean("runge_kutta_start", false)});
  } else if (solver == "lms") {
    add({whole("order", order, 1, 4)});
  } else if (solver == "dpm_multistep") {
    add({whole("order", order, 1, 3), boolean("lower_order_final", true),
         boolean("euler_at_final", false), choice("type", "midpoint", "midpoint | heun"),
         choice("algorithm", "", "data | noise | sde_data | sde_noise")});
  } else if (solver == "unipc") {
    add({whole("order", order, 1, 6), boolean("lower_order_final", true),
         choice("basis", "bh2", "bh1 | bh2"), boolean("predict_x0", true),
         whole_list("disable_corrector", 0, 1e6)});
  } else if (solver == "lcm") {
    add({real("timestep_scaling", 10.0, 0, 1e9, true), whole("original_steps", 50, 1, 1000000)});
  } else if (solver == "flow_match_euler") {
    add({boolean("stochastic", false)});
  }
  return keys;
}

void read_solver_options(const Values& v, const std::string& solver, Factors& f) {
  SolverOptions& o = f.options;
  if (solver == "ddpm") {
    const std::string& name = v.text("variance");
    o.variance = name == "fixed_large"     ? Variance::fixed_large
                 : name == "learned"       ? Variance::learned
                 : name == "learned_range" ? Variance::learned_range
                                           : Variance::fixed_small;
    f.learned_channels = name == "learned" || name == "learned_range";
  } else if (solver == "pndm") {
    o.skip_runge_kutta = !v.flag("runge_kutta_start");
  } else if (solver == "lms") {
    o.order = v.integer("order");
  } else if (solver == "dpm_multistep") {
    o.order = v.integer("order");
    o.type = v.text("type") == "heun" ? DpmType::heun : DpmType::midpoint;
    const std::string& name = v.text("algorithm");
    if (name == "data") o.algorithm = DpmAlgorithm::data;
    if (name == "noise") o.algorithm = DpmAlgorithm::noise;
    if (name == "sde_data") o.algorithm = DpmAlgorithm::sde_data;
    if (name == "sde_noise") o.algorithm = DpmAlgorithm::sde_noise;
    o.lower_order_final = v.flag("lower_order_final");
    o.euler_at_final = v.flag("euler_at_final");
  } else if (solver == "unipc") {
    o.order = v.integer("order");
    o.predict_x0 = v.flag("predict_x0");
    o.basis = v.text("basis") == "bh1" ? UnipcBasis::bh1 : UnipcBasis::bh2;
    o.lower_order_final = v.flag("lower_order_final");
    o.disable_corrector = v.integers("disable_corrector");
  } else if (solver == "lcm") {
    o.timestep_scaling = v.number("timestep_scaling");
    f.grid.original_steps = v.integer("original_steps");
  } else if (solver == "flow_match_euler") {
    o.stochastic = v.flag("stochastic");
  }
}

// A section may be an object, or a string that stands for its first key.
json section(const json& object, const char* name, const char* first) {
  if (!object.contains(name)) return json::object();
  const json& value = object.at(name);
  if (value.is_object()) return value;
  if (!value.is_string()) fail(Status::type, name, " must be an object or a string");
  return json{{first, value}};
}

void read_solver(const json& object, Notes& notes, Factors& f) {
  const json value = section(object, "solver", "name");
  if (!value.contains("name") || !value.at("name").is_string()) {
    fail(Status::type, "solver: name must be a string");
  }
  std::string name = value.at("name").get<std::string>();
  int order = 2;
  for (const Alias& alias : kAliases) {
    if (name != alias.name) continue;
    name = alias.solver;
    order = alias.order;
    f.options.algorithm = alias.algorithm;
    break;
  }
  f.solver = find_solver(name.c_str());
  // Several classes may share a solver: the first stands for it.
  std::string known;
  bool found = false;
  for (std::size_t i = 0; i < methods().size(); ++i) {
    const std::string candidate = methods()[i].solver_name;
    if (name == candidate && !found) f.method = static_cast<int>(i);
    found = found || name == candidate;
    if ((", " + known).find(", " + candidate + ", ") == std::string::npos)
      known += candidate + ", ";
  }
  if (f.solver == nullptr) {
    fail(Status::unknown_class, "unknown solver ", name, "; known are ", known,
         "dpmpp_2m, dpmpp_3m, dpmpp_2m_sde, dpmpp_3m_sde");
  }
  f.init_options = methods()[static_cast<std::size_t>(f.method)].init_options;
  const Keys keys = solver_keys(name, order);
  const std::string where = "solver: ";
  read_solver_options(Values(value, keys, where, notes), name, f);
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
  const char* frame = f.schedule.flow ? "flow" : solver.in_vp ? "vp" : "ve";
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
  const bool fits = chosen == Frame::flow ? solver.in_flow
                    : chosen == Frame::ve ? solver.in_ve
                                          : solver.in_vp;
  if (!fits) {
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

// Which way of making points suits these factors, and how the first sample is scaled.
void choose_family(Factors& f) {
  GridSpec& g = f.grid;
  const std::string solver = f.solver->name;
  const bool looks_up = solver == "ddim" || solver == "ddpm" || solver == "pndm";
  g.shape_from_table = true;
  g.whole_range = true;
  f.init_options |= kTimesteps;
  if (f.schedule.flow) {
    g.family = GridFamily::flow;
    g.sigmas_with_end = true;
    f.init_options |= kSigmas | kMu;
  } else if (solver == "lcm" && g.shape == SigmaShape::none) {
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
  if (solver == "pndm") {
    f.init_options &= ~static_cast<unsigned>(kTimesteps | kSigmas);
    if (g.family != GridFamily::timesteps) {
      fail(Status::conflict, "solver pndm steps over whole timesteps: grid shape must be none");
    }
  }
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
  choose_family(f);
  return f;
}

}  // namespace sched

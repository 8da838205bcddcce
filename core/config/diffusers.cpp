// diffusers' scheduler classes: their keys and defaults as a table, and for each class
// how the keys become factors.  What diffusers does and a paper does not is marked
// `diffusers:` where it happens; here the flags for it are set.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "factors.hpp"
#include "keys.hpp"

namespace sched {

namespace {

// ------------------------------------------------------------------- table of keys

constexpr const char* kBetas = "linear | scaled_linear | squaredcos_cap_v2";
constexpr const char* kSpacings = "linspace | leading | trailing";
constexpr const char* kThreePredictions = "epsilon | sample | v_prediction";
constexpr const char* kFourPredictions = "epsilon | sample | v_prediction | flow_prediction";
constexpr const char* kFinalSigmas = "zero | sigma_min";

Keys operator+(Keys a, const Keys& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Keys betas(double start, double end, const char* schedule, const char* allowed) {
  return {whole("num_train_timesteps", 1000, 1, 1000000), real("beta_start", start, 0, 1),
          real("beta_end", end, 0, 1), choice("beta_schedule", schedule, allowed),
          optional_list("trained_betas", 0, 1)};
}
Keys spaced(const char* spacing) {
  return {choice("timestep_spacing", spacing, kSpacings),
          whole("steps_offset", 0, -1000000, 1000000)};
}
Keys predicts(const char* allowed) { return {choice("prediction_type", "epsilon", allowed)}; }
Keys clipped(bool on) {
  return {boolean("clip_sample", on), real("clip_sample_range", 1.0, 0, 1e30, true)};
}
Keys thresholded() {
  return {boolean("thresholding", false), real("dynamic_thresholding_ratio", 0.995, 0, 1),
          real("sample_max_value", 1.0, 0, 1e30, true)};
}
Keys shaped() {
  return {optional_boolean("use_karras_sigmas"), optional_boolean("use_exponential_sigmas"),
          optional_boolean("use_beta_sigmas")};
}
Keys sigma_ends() {
  return {optional_real("sigma_min", 0, 1e6, true), optional_real("sigma_max", 0, 1e6, true)};
}
Keys final_sigmas() { return {choice("final_sigmas_type", "zero", kFinalSigmas)}; }
Keys zero_snr() { return {boolean("rescale_betas_zero_snr", false)}; }
Keys set_alpha(bool one) { return {boolean("set_alpha_to_one", one)}; }
Keys flow_sigmas() {
  return {boolean("use_flow_sigmas", false), real("flow_shift", 1.0, 0, 1e6, true),
          boolean("use_dynamic_shifting", false),
          choice("time_shift_type", "exponential", "exponential")};
}

// ------------------------------------------------------------------ keys to factors

BetaSchedule beta_schedule(const std::string& name) {
  if (name == "scaled_linear") return BetaSchedule::scaled_linear;
  if (name == "squaredcos_cap_v2") return BetaSchedule::squaredcos_cap_v2;
  if (name == "sigmoid") return BetaSchedule::sigmoid;
  if (name == "laplace") return BetaSchedule::laplace;
  if (name == "exp") return BetaSchedule::exp;
  return BetaSchedule::linear;
}

void set_betas(const Values& values, Factors& f) {
  ScheduleSpec& schedule = f.schedule;
  schedule.train_steps = values.integer("num_train_timesteps");
  schedule.beta_start = values.number("beta_start");
  schedule.beta_end = values.number("beta_end");
  schedule.kind = beta_schedule(values.text("beta_schedule"));
  if (!values.given("trained_betas")) return;
  schedule.kind = BetaSchedule::trained;
  schedule.trained_betas = values.numbers("trained_betas");
  if (schedule.trained_betas.size() != static_cast<std::size_t>(schedule.train_steps)) {
    fail(Status::conflict, "trained_betas has ", schedule.trained_betas.size(),
         " entries, but num_train_timesteps is ", schedule.train_steps);
  }
}

void set_spacing(const Values& values, Factors& f) {
  const std::string& name = values.text("timestep_spacing");
  f.grid.spacing = name == "leading"    ? Spacing::leading
                   : name == "trailing" ? Spacing::trailing
                                        : Spacing::linspace;
  f.grid.steps_offset = values.integer("steps_offset");
}

void set_prediction(const Values& values, Frame frame, Factors& f) {
  const std::string& name = values.text("prediction_type");
  f.parameterization.prediction = name == "v_prediction"      ? Prediction::v
                                  : name == "flow_prediction" ? Prediction::flow
                                  : name == "epsilon"         ? Prediction::epsilon
                                                              : Prediction::sample;
  f.parameterization.frame = frame;
  f.grid.frame = frame;
}

void set_clip(const Values& values, Factors& f) {
  if (!values.flag("clip_sample")) return;
  f.clip.mode = Clip::range;
  f.clip.range = values.number("clip_sample_range");
}

// Thresholding goes before clipping.
void set_threshold(const Values& values, Factors& f) {
  if (!values.flag("thresholding")) return;
  f.clip.mode = Clip::quantile;
  f.clip.ratio = values.number("dynamic_thresholding_ratio");
  f.clip.sample_max = values.number("sample_max_value");
}

void set_shape(const Values& values, Factors& f) {
  struct Flag {
    const char* key;
    SigmaShape shape;
  };
  static constexpr Flag flags[] = {{"use_karras_sigmas", SigmaShape::karras},
                                   {"use_exponential_sigmas", SigmaShape::exponential},
                                   {"use_beta_sigmas", SigmaShape::beta}};
  const char* first = nullptr;
  for (const Flag& flag : flags) {
    if (!values.flag(flag.key)) continue;
    if (first != nullptr) {
      fail(Status::conflict, first, " and ", flag.key,
           " are both true; at most one of use_karras_sigmas, use_exponential_sigmas and "
           "use_beta_sigmas may be");
    }
    first = flag.key;
    f.grid.shape = flag.shape;
  }
}

void set_final_sigma(const Values& values, Factors& f) {
  if (values.text("final_sigmas_type") == "sigma_min") f.grid.final_sigma = FinalSigma::sigma_min;
}

// Classes whose sample lives in the VE frame: Euler, Euler ancestral, Heun, LMS.
void set_sigma_family(const Values& values, Factors& f) {
  set_betas(values, f);
  set_prediction(values, Frame::ve, f);
  set_spacing(values, f);
  f.grid.family = GridFamily::sigmas;
  f.grid.init_sigma = f.grid.spacing == Spacing::leading ? GridSpec::InitSigma::hypot_one
                                                         : GridSpec::InitSigma::largest;
}

// Classes that look alpha up at whole timesteps: DDIM, DDPM, PNDM, LCM.
void set_timestep_family(const Values& values, Factors& f) {
  set_betas(values, f);
  set_prediction(values, Frame::vp, f);
  set_spacing(values, f);
  f.grid.family = GridFamily::timesteps;
  f.grid.whole_times = true;
}

void set_zero_snr(const Values& values, ZeroSnr kind, Factors& f) {
  if (values.flag("rescale_betas_zero_snr")) f.schedule.zero_snr = kind;
}

void build_ddim(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  set_zero_snr(values, ZeroSnr::exact, f);
  set_clip(values, f);
  set_threshold(values, f);
  f.grid.final_alpha_one = values.flag("set_alpha_to_one");
  f.grid.stride_previous = true;
}

void build_ddpm(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  set_zero_snr(values, ZeroSnr::exact, f);
  set_clip(values, f);
  set_threshold(values, f);
  const std::string& variance = values.text("variance_type");
  if (variance == "fixed_large_log") {
    fail(Status::value,
         "variance_type fixed_large_log is not a variance (the reference takes the square root of "
         "a negative logarithm); allowed are fixed_small | fixed_small_log | fixed_large | "
         "learned | learned_range");
  }
  f.options.variance = variance == "fixed_large"     ? Variance::fixed_large
                       : variance == "learned"       ? Variance::learned
                       : variance == "learned_range" ? Variance::learned_range
                                                     : Variance::fixed_small;
  f.learned_channels = variance == "learned" || variance == "learned_range";
}

void build_pndm(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  f.grid.final_alpha_one = values.flag("set_alpha_to_one");
  f.grid.stride_previous = true;
  f.options.skip_runge_kutta = values.flag("skip_prk_steps");
}

void build_lms(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_shape(values, f);
  f.options.order = 4;
}

void build_euler(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_zero_snr(values, ZeroSnr::smallest, f);
  set_shape(values, f);
  set_final_sigma(values, f);
  f.grid.sigma_min = values.maybe("sigma_min");
  f.grid.sigma_max = values.maybe("sigma_max");
  f.grid.log_linear = values.text("interpolation_type") == "log_linear";
  f.grid.continuous_times = values.text("timestep_type") == "continuous" &&
                            f.parameterization.prediction == Prediction::v;
  f.options.quirk_churned_v = true;
}

void build_euler_ancestral(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_zero_snr(values, ZeroSnr::smallest, f);
}

void build_heun(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_shape(values, f);
  set_clip(values, f);
}

// DPM-Solver and UniPC: sigmas at n + 1 spaced timesteps, or flow sigmas.
void set_log_snr_family(const Values& values, Factors& f) {
  const bool flow = values.flag("use_flow_sigmas");
  set_betas(values, f);
  set_zero_snr(values, ZeroSnr::smallest, f);
  set_prediction(values, flow ? Frame::flow : Frame::vp, f);
  set_spacing(values, f);
  set_threshold(values, f);
  set_shape(values, f);
  set_final_sigma(values, f);
  f.grid.family = flow ? GridFamily::flow : GridFamily::sigmas;
  f.grid.drop_last = true;
  f.grid.whole_times = true;
  f.grid.shape_from_table = true;
  f.grid.shaped_times = TimeRounding::truncate;
  f.grid.whole_range = true;
  f.grid.shift = values.number("flow_shift");
  f.grid.dynamic_shift = values.flag("use_dynamic_shifting");
  if (f.grid.dynamic_shift && !flow) {
    fail(Status::conflict, "use_dynamic_shifting is true, but use_flow_sigmas is false");
  }
  if (f.parameterization.prediction == Prediction::flow && !flow) {
    fail(Status::conflict, "prediction_type flow_prediction needs use_flow_sigmas to be true");
  }
}

DpmAlgorithm dpm_algorithm(const std::string& name) {
  if (name == "dpmsolver") return DpmAlgorithm::noise;
  if (name == "sde-dpmsolver") return DpmAlgorithm::sde_noise;
  if (name == "sde-dpmsolver++") return DpmAlgorithm::sde_data;
  return DpmAlgorithm::data;  // dpmsolver++, and deis, which diffusers maps to it
}

void check_dpm(const Values& values, const Factors& f) {
  const std::string& algorithm = values.text("algorithm_type");
  const bool noise =
      f.options.algorithm == DpmAlgorithm::noise || f.options.algorithm == DpmAlgorithm::sde_noise;
  if (noise && values.text("final_sigmas_type") == "zero") {
    fail(Status::conflict, "final_sigmas_type zero with algorithm_type ", algorithm,
         ": predicting noise at sigma 0 is not defined; choose sigma_min");
  }
  if (f.options.algorithm == DpmAlgorithm::sde_noise && f.options.order == 3) {
    fail(Status::conflict, "solver_order 3 with algorithm_type ", algorithm,
         ": the method has orders 1 and 2");
  }
  if (noise && f.parameterization.prediction == Prediction::flow) {
    fail(Status::conflict, "prediction_type flow_prediction with algorithm_type ", algorithm,
         ": choose dpmsolver++ or sde-dpmsolver++");
  }
  if (f.grid.shape != SigmaShape::none && f.grid.frame == Frame::flow) {
    fail(Status::conflict,
         "use_flow_sigmas excludes use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas and "
         "use_lu_lambdas here");
  }
}

void build_dpm_multistep(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  if (values.flag("use_lu_lambdas")) {
    if (f.grid.shape != SigmaShape::none) {
      fail(Status::conflict,
           "use_lu_lambdas excludes use_karras_sigmas, use_exponential_sigmas "
           "and use_beta_sigmas");
    }
    f.grid.shape = SigmaShape::lu;
  }
  // diffusers: karras and lu timesteps are rounded except with the cosine schedule, all
  // others truncated.
  const bool rounds = f.grid.shape == SigmaShape::karras || f.grid.shape == SigmaShape::lu;
  if (rounds && f.schedule.kind != BetaSchedule::squaredcos_cap_v2) {
    f.grid.shaped_times = TimeRounding::nearest;
  }
  f.grid.shift_from_one = true;
  f.grid.lambda_min_clipped = values.number("lambda_min_clipped");
  f.options.order = values.integer("solver_order");
  f.options.algorithm = dpm_algorithm(values.text("algorithm_type"));
  f.options.type = values.text("solver_type") == "heun" ? DpmType::heun : DpmType::midpoint;
  f.options.lower_order_final = values.flag("lower_order_final");
  f.options.euler_at_final = values.flag("euler_at_final");
  f.options.quirk_sde_third_order = true;
  f.learned_channels = values.given("variance_type");
  check_dpm(values, f);
}

void check_unipc(const Values& values, const Factors& f) {
  const bool flow = f.grid.frame == Frame::flow;
  if (values.given("shift_terminal") && !flow) {
    fail(Status::conflict, "shift_terminal needs use_flow_sigmas to be true");
  }
  const SigmaShape shape = f.grid.shape;
  if (flow && (shape == SigmaShape::exponential || shape == SigmaShape::beta)) {
    fail(Status::conflict,
         "use_flow_sigmas excludes use_exponential_sigmas and use_beta_sigmas "
         "here: their sigmas are not in (0, 1]");
  }
  if (f.options.predict_x0) return;
  if (f.parameterization.prediction == Prediction::flow) {
    fail(Status::conflict, "prediction_type flow_prediction needs predict_x0 to be true");
  }
  if (f.grid.final_sigma == FinalSigma::zero) {
    fail(Status::conflict,
         "final_sigmas_type zero with predict_x0 false: predicting noise at "
         "sigma 0 is not defined; choose sigma_min");
  }
}

void build_unipc(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  const bool flow = f.grid.frame == Frame::flow;
  f.grid.sigma_min = values.maybe("sigma_min");
  f.grid.sigma_max = values.maybe("sigma_max");
  f.grid.shift_terminal = values.maybe("shift_terminal");
  if (f.grid.shift_terminal == 0.0) f.grid.shift_terminal.reset();
  f.grid.nudge_first = flow;
  if (f.grid.shape == SigmaShape::karras) {
    // diffusers: rounded, and with flow sigmas s / (s + 1) of the karras sigmas, unshifted.
    if (!flow) f.grid.shaped_times = TimeRounding::nearest;
    f.grid.family = GridFamily::sigmas;
  }
  // diffusers: with shaped or flow sigmas, sigma_min means the last sigma once more.
  if ((f.grid.shape != SigmaShape::none || flow) && f.grid.final_sigma == FinalSigma::sigma_min) {
    f.grid.final_sigma = FinalSigma::last;
  }
  if (f.grid.family != GridFamily::flow) f.init_options &= ~static_cast<unsigned>(kSigmas);
  f.options.order = values.integer("solver_order");
  f.options.predict_x0 = values.flag("predict_x0");
  f.options.basis = values.text("solver_type") == "bh1" ? UnipcBasis::bh1 : UnipcBasis::bh2;
  f.options.lower_order_final = values.flag("lower_order_final");
  f.options.disable_corrector = values.integers("disable_corrector");
  check_unipc(values, f);
}

void build_lcm(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  set_zero_snr(values, ZeroSnr::exact, f);
  set_clip(values, f);
  set_threshold(values, f);
  f.grid.family = GridFamily::subset;
  f.grid.final_alpha_one = values.flag("set_alpha_to_one");
  f.grid.original_steps = values.integer("original_inference_steps");
  f.options.timestep_scaling = values.number("timestep_scaling");
}

void build_flow(const Values& values, Factors& f) {
  f.schedule.flow = true;
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.parameterization = {Prediction::flow, Frame::flow, values.flag("invert_sigmas")};
  f.grid.family = GridFamily::flow;
  f.grid.frame = Frame::flow;
  f.grid.shift = values.number("shift");
  f.grid.shift_twice = true;
  f.grid.dynamic_shift = values.flag("use_dynamic_shifting");
  f.grid.time_shift =
      values.text("time_shift_type") == "linear" ? TimeShift::linear : TimeShift::exponential;
  f.grid.shift_terminal = values.maybe("shift_terminal");
  if (f.grid.shift_terminal == 0.0) f.grid.shift_terminal.reset();
  f.grid.inverted = values.flag("invert_sigmas");
  set_shape(values, f);
  f.options.stochastic = values.flag("stochastic_sampling");
  f.options.quirk_token_sign = true;
}

// ------------------------------------------------------------------------ the table

constexpr const char* kVariances =
    "fixed_small | fixed_small_log | fixed_large | fixed_large_log | learned | learned_range";

Keys dpm_keys() {
  return Keys{whole("solver_order", 2, 1, 3),
              choice("algorithm_type", "dpmsolver++",
                     "dpmsolver | dpmsolver++ | sde-dpmsolver | sde-dpmsolver++ | deis"),
              choice("solver_type", "midpoint", "midpoint | heun | logrho | bh1 | bh2"),
              boolean("lower_order_final", true),
              boolean("euler_at_final", false),
              optional_boolean("use_lu_lambdas"),
              real("lambda_min_clipped", -INFINITY, -INFINITY, 1e6),
              {"variance_type", KeyType::text, true, 0.0, "", "learned | learned_range"}};
}

Keys unipc_keys() {
  return Keys{whole("solver_order", 2, 1, 6),
              boolean("predict_x0", true),
              choice("solver_type", "bh2", "bh1 | bh2 | midpoint | heun | logrho"),
              boolean("lower_order_final", true),
              whole_list("disable_corrector", 0, 1e6),
              {"solver_p", KeyType::nothing, true, 0.0, "", "null"},
              optional_real("shift_terminal", 0.0, 0.999999)};
}

Keys flow_keys() {
  return Keys{whole("num_train_timesteps", 1000, 1, 1000000), real("shift", 1.0, 0, 1e6, true),
              boolean("use_dynamic_shifting", false),
              // Pipelines compute mu from these four; the scheduler only carries them.
              optional_real("base_shift", -1e6, 1e6), optional_real("max_shift", -1e6, 1e6),
              whole("base_image_seq_len", 256, 0, 1e9), whole("max_image_seq_len", 4096, 0, 1e9),
              boolean("invert_sigmas", false), optional_real("shift_terminal", 0.0, 0.999999),
              choice("time_shift_type", "exponential", "exponential | linear"),
              boolean("stochastic_sampling", false)};
}

std::vector<Method> make_methods() {
  const Keys vp = betas(0.0001, 0.02, "linear", kBetas);
  return {
      {"DDIMScheduler", "ddim", kEta | kClippedEpsilon,
       vp + clipped(true) + set_alpha(true) + spaced("leading") + predicts(kThreePredictions) +
           thresholded() + zero_snr(),
       build_ddim},
      {"DDPMScheduler", "ddpm", kTimesteps,
       betas(0.0001, 0.02, "linear",
             "linear | scaled_linear | squaredcos_cap_v2 | laplace | sigmoid") +
           Keys{choice("variance_type", "fixed_small", kVariances)} + clipped(true) +
           predicts(kThreePredictions) + thresholded() + spaced("leading") + zero_snr(),
       build_ddpm},
      {"PNDMScheduler", "pndm", 0,
       vp + Keys{boolean("skip_prk_steps", false)} + set_alpha(false) +
           predicts("epsilon | v_prediction") + spaced("leading"),
       build_pndm},
      {"LMSDiscreteScheduler", "lms", kOrder,
       vp + shaped() + predicts(kThreePredictions) + spaced("linspace"), build_lms},
      {"EulerDiscreteScheduler", "euler", kTimesteps | kSigmas | kChurn,
       vp + predicts("epsilon | sample | original_sample | v_prediction") +
           Keys{choice("interpolation_type", "linear", "linear | log_linear"),
                choice("timestep_type", "discrete", "discrete | continuous")} +
           shaped() + sigma_ends() + spaced("linspace") + zero_snr() + final_sigmas(),
       build_euler},
      {"EulerAncestralDiscreteScheduler", "euler_ancestral", 0,
       vp + predicts("epsilon | v_prediction") + spaced("linspace") + zero_snr(),
       build_euler_ancestral},
      {"HeunDiscreteScheduler", "heun", kTimesteps | kTrainSteps,
       betas(0.00085, 0.012, "linear", "linear | scaled_linear | squaredcos_cap_v2 | exp") +
           predicts(kThreePredictions) + shaped() + clipped(false) + spaced("linspace"),
       build_heun},
      {"DPMSolverMultistepScheduler", "dpm_multistep", kTimesteps | kMu,
       vp + predicts(kFourPredictions) + thresholded() + dpm_keys() + shaped() + flow_sigmas() +
           final_sigmas() + spaced("linspace") + zero_snr(),
       build_dpm_multistep},
      {"UniPCMultistepScheduler", "unipc", kSigmas | kMu,
       vp + predicts(kFourPredictions) + thresholded() + unipc_keys() + shaped() + flow_sigmas() +
           final_sigmas() + spaced("linspace") + zero_snr() + sigma_ends(),
       build_unipc},
      {"LCMScheduler", "lcm", kTimesteps | kOriginalSteps,
       betas(0.00085, 0.012, "scaled_linear", kBetas) +
           Keys{whole("original_inference_steps", 50, 1, 1000000),
                real("timestep_scaling", 10.0, 0, 1e9, true)} +
           clipped(false) + set_alpha(true) + spaced("leading") + predicts(kThreePredictions) +
           thresholded() + zero_snr(),
       build_lcm},
      {"FlowMatchEulerDiscreteScheduler", "flow_match_euler", kTimesteps | kSigmas | kMu | kGroups,
       flow_keys() + shaped(), build_flow},
  };
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> table = make_methods();
  return table;
}

namespace {

Factors read_diffusers(const nlohmann::json& object, Notes& notes) {
  const nlohmann::json& name = object.at("_class_name");
  if (!name.is_string()) fail(Status::type, "_class_name must be a string");
  std::string known;
  for (std::size_t i = 0; i < methods().size(); ++i) {
    const Method& method = methods()[i];
    if (name != method.class_name) {
      known += (known.empty() ? "" : ", ") + std::string(method.class_name);
      continue;
    }
    Factors factors;
    factors.method = static_cast<int>(i);
    factors.solver = find_solver(method.solver_name);
    factors.init_options = method.init_options;
    const std::string where = std::string(method.class_name) + ": ";
    method.build(Values(object, method.keys, where, notes), factors);
    return factors;
  }
  fail(Status::unknown_class, "unknown _class_name ", name.get<std::string>(), "; known are ",
       known);
}

}  // namespace

Factors read_factors(const char* text, std::size_t length, Notes& notes) {
  const nlohmann::json object = parse_json(text, length);
  if (!object.is_object()) fail(Status::json, "the configuration must be a JSON object");
  if (object.contains("_class_name")) return read_diffusers(object, notes);
  if (object.contains("solver")) return read_composition(object, notes);
  fail(Status::unknown_class,
       "the configuration names no method: it needs _class_name (a diffusers file) or solver");
}

}  // namespace sched

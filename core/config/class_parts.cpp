#include "class_parts.hpp"

#include "words.hpp"

namespace sched {

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
  return {boolean("use_flow_sigmas", false), real("flow_shift", 1.0, 0, 1e6, true)};
}
Keys dynamic_shifts() {
  return {boolean("use_dynamic_shifting", false),
          choice("time_shift_type", "exponential", "exponential")};
}
Keys sigma_range(double low, double high, double data) {
  return {real("sigma_min", low, 0, 1e6, true), real("sigma_max", high, 0, 1e6, true),
          real("sigma_data", data, 0, 1e6, true), real("rho", 7.0, 0, 1000, true)};
}
Keys unipc_options() {
  return {whole("solver_order", 2, 1, 6),
          boolean("predict_x0", true),
          choice("solver_type", "bh2", "bh1 | bh2 | midpoint | heun | logrho"),
          boolean("lower_order_final", true),
          whole_list("disable_corrector", 0, 1e6),
          {"solver_p", KeyType::nothing, true, 0.0, "", "null"}};
}
Keys usual_betas() { return betas(0.0001, 0.02, "linear", kBetas); }

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
  f.grid.spacing = spacing(values.text("timestep_spacing"));
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

void set_zero_snr(const Values& values, ZeroSnr kind, Factors& f) {
  if (values.flag("rescale_betas_zero_snr")) f.schedule.zero_snr = kind;
}

void set_timestep_family(const Values& values, Factors& f) {
  set_betas(values, f);
  set_prediction(values, Frame::vp, f);
  set_spacing(values, f);
  f.grid.family = GridFamily::timesteps;
  f.grid.whole_times = true;
}

void set_sigma_family(const Values& values, Factors& f) {
  set_betas(values, f);
  set_prediction(values, Frame::ve, f);
  set_spacing(values, f);
  f.grid.family = GridFamily::sigmas;
  f.grid.init_sigma = f.grid.spacing == Spacing::leading ? GridSpec::InitSigma::hypot_one
                                                         : GridSpec::InitSigma::largest;
}

void set_log_snr_family(const Values& values, Factors& f) {
  const bool flow = values.flag("use_flow_sigmas");
  set_betas(values, f);
  set_prediction(values, flow ? Frame::flow : Frame::vp, f);
  set_threshold(values, f);
  set_shape(values, f);
  f.grid.family = flow ? GridFamily::flow : GridFamily::sigmas;
  f.grid.drop_last = true;
  f.grid.whole_times = true;
  f.grid.shape_from_table = true;
  f.grid.shaped_times = TimeRounding::truncate;
  f.grid.whole_range = true;
  f.grid.shift = values.number("flow_shift");
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

void set_dpm_options(const Values& values, Factors& f) {
  f.options.order = values.integer("solver_order");
  f.options.type = values.text("solver_type") == "heun" ? DpmType::heun : DpmType::midpoint;
  f.options.lower_order_final = values.flag("lower_order_final");
  f.options.eta = 1.0;  // of the SDE forms
  f.options.quirk_idle_draw = true;
  f.options.quirk_half_curvature = true;
}

void set_unipc_options(const Values& values, Factors& f) {
  f.options.order = values.integer("solver_order");
  f.options.predict_x0 = values.flag("predict_x0");
  f.options.basis = unipc_basis(values.text("solver_type"));
  f.options.lower_order_final = values.flag("lower_order_final");
  f.options.disable_corrector = values.integers("disable_corrector");
}

void set_shaped_family(const Values& values, Factors& f) {
  const double low = values.number("sigma_min");
  const double high = values.number("sigma_max");
  if (low > high) fail(Status::conflict, "sigma_min is ", low, ", above sigma_max, ", high);
  f.schedule.tableless = true;
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.parameterization.frame = Frame::ve;
  f.parameterization.sigma_data = values.number("sigma_data");
  f.grid.family = GridFamily::shaped;
  f.grid.frame = Frame::ve;
  f.grid.sigma_min = low;
  f.grid.sigma_max = high;
  f.grid.rho = values.number("rho");
}

void set_dynamic_shift(const Values& values, Factors& f) {
  f.grid.dynamic_shift = values.flag("use_dynamic_shifting");
  if (f.grid.dynamic_shift && f.grid.family != GridFamily::flow) {
    fail(Status::conflict, "use_dynamic_shifting is true, but use_flow_sigmas is false");
  }
}

}  // namespace sched

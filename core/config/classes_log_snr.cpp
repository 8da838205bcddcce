// Classes over log SNR: the DPM-Solver family and UniPC.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

Keys dpm_keys(const char* algorithms, bool lower_order_final) {
  return Keys{whole("solver_order", 2, 1, 3),
              choice("algorithm_type", "dpmsolver++", algorithms),
              choice("solver_type", "midpoint", "midpoint | heun | logrho | bh1 | bh2"),
              boolean("lower_order_final", lower_order_final),
              real("lambda_min_clipped", -INFINITY, -INFINITY, 1e6),
              {"variance_type", KeyType::text, true, 0.0, "", "learned | learned_range"}};
}

Keys multistep_keys() {
  return dpm_keys("dpmsolver | dpmsolver++ | sde-dpmsolver | sde-dpmsolver++ | deis", true) +
         Keys{boolean("euler_at_final", false)};
}

Keys deis_keys() {
  return {whole("solver_order", 2, 1, 3),
          // diffusers: all of these mean deis and logrho.
          choice("algorithm_type", "deis", "deis | dpmsolver | dpmsolver++"),
          choice("solver_type", "logrho", "logrho | midpoint | heun | bh1 | bh2"),
          boolean("lower_order_final", true)};
}

Keys sa_keys() {
  return {whole("predictor_order", 2, 1, 4),
          whole("corrector_order", 2, 1, 4),
          choice("algorithm_type", "data_prediction", "data_prediction | noise_prediction"),
          {"tau_func", KeyType::nothing, true, 0.0, "", "null"},
          boolean("lower_order_final", true),
          real("lambda_min_clipped", -INFINITY, -INFINITY, 1e6),
          {"variance_type", KeyType::text, true, 0.0, "", "learned | learned_range"}};
}

// The classes without final_sigmas_type.
// diffusers: shaped and flow sigmas stop short of the end, which is the last one again.
void set_fixed_final_sigma(Factors& f) {
  const bool again = f.grid.shape != SigmaShape::none || f.grid.family == GridFamily::flow;
  f.grid.final_sigma = again ? FinalSigma::last : FinalSigma::sigma_min;
}

void check_flow_shape(const Factors& f) {
  if (f.grid.shape == SigmaShape::none || f.grid.frame != Frame::flow) return;
  fail(Status::conflict,
       "use_flow_sigmas excludes use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas and "
       "use_lu_lambdas here");
}

void check_dpm(const Values& values, const Factors& f) {
  const std::string& algorithm = values.text("algorithm_type");
  const bool noise = !predicts_data(f.options.algorithm);
  if (noise && f.grid.final_sigma == FinalSigma::zero) {
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
  check_flow_shape(f);
}

void set_dpm_family(const Values& values, Factors& f) {
  f.grid.shift_from_one = true;
  f.grid.lambda_min_clipped = values.number("lambda_min_clipped");
  set_dpm_options(values, f);
  f.options.algorithm = dpm_algorithm(values.text("algorithm_type"));
  f.options.quirk_sde_third_order = true;
  f.learned_channels = values.given("variance_type");
}

void build_dpm_multistep(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  set_spacing(values, f);
  set_zero_snr(values, ZeroSnr::smallest, f);
  set_final_sigma(values, f);
  set_dynamic_shift(values, f);
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
  set_dpm_family(values, f);
  f.options.euler_at_final = values.flag("euler_at_final");
  check_dpm(values, f);
}

void build_dpm_inverse(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  set_spacing(values, f);
  set_dpm_family(values, f);
  f.options.euler_at_final = values.flag("euler_at_final");
  set_fixed_final_sigma(f);
  const bool flow = f.grid.family == GridFamily::flow;
  // diffusers: flow sigmas fall in this class, too, so that it samples with them.
  f.grid.rising = !flow;
  if (f.grid.final_sigma == FinalSigma::sigma_min) f.grid.final_sigma = FinalSigma::noisiest;
  if (f.grid.shape == SigmaShape::karras) f.grid.shaped_times = TimeRounding::nearest;
  // diffusers: whole timesteps are listed once each.  (It leaves their sigmas in the list,
  // so that each later step is taken at another's sigma; here they go together.)
  f.grid.distinct_times = f.grid.shape == SigmaShape::none || f.grid.shape == SigmaShape::karras;
  if (is_sde(f.options.algorithm) && !flow) {
    fail(Status::conflict, "algorithm_type ", values.text("algorithm_type"),
         " has no inverse: the variance of its noise would be negative where sigma rises; choose "
         "dpmsolver or dpmsolver++");
  }
  check_dpm(values, f);
}

void build_dpm_singlestep(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  set_final_sigma(values, f);
  set_dynamic_shift(values, f);
  set_dpm_family(values, f);
  f.grid.spacing = Spacing::linspace;
  if (f.grid.shape == SigmaShape::karras) f.grid.shaped_times = TimeRounding::nearest;
  check_dpm(values, f);
}

void build_deis(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  set_spacing(values, f);
  set_dynamic_shift(values, f);
  set_fixed_final_sigma(f);
  f.grid.shift_from_one = true;
  if (f.grid.shape == SigmaShape::karras) f.grid.shaped_times = TimeRounding::nearest;
  f.options.order = values.integer("solver_order");
  f.options.lower_order_final = values.flag("lower_order_final");
  check_flow_shape(f);
}

void build_sa_solver(const Values& values, Factors& f) {
  set_log_snr_family(values, f);
  set_spacing(values, f);
  set_fixed_final_sigma(f);
  f.grid.shift_from_one = true;
  f.grid.lambda_min_clipped = values.number("lambda_min_clipped");
  if (f.grid.shape == SigmaShape::karras) f.grid.shaped_times = TimeRounding::nearest;
  f.options.predictor_order = values.integer("predictor_order");
  f.options.corrector_order = values.integer("corrector_order");
  f.options.lower_order_final = values.flag("lower_order_final");
  f.options.tau_start = 800.0;
  f.options.tau_end = 200.0;
  f.options.quirk_tau_by_time = true;
  f.options.quirk_idle_draw = true;
  f.options.quirk_half_difference = true;
  f.learned_channels = values.given("variance_type");
  if (values.text("algorithm_type") == "noise_prediction") {
    f.options.algorithm = DpmAlgorithm::noise;
    if (f.parameterization.prediction == Prediction::flow) {
      fail(Status::conflict,
           "prediction_type flow_prediction with algorithm_type noise_prediction: choose "
           "data_prediction");
    }
  }
  check_flow_shape(f);
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
  set_spacing(values, f);
  set_zero_snr(values, ZeroSnr::smallest, f);
  set_final_sigma(values, f);
  set_dynamic_shift(values, f);
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
  set_unipc_options(values, f);
  check_unipc(values, f);
}

}  // namespace

std::vector<Method> log_snr_classes() {
  const Keys common =
      usual_betas() + predicts(kFourPredictions) + thresholded() + shaped() + flow_sigmas();
  return {
      {"DPMSolverMultistepScheduler", "dpm_multistep", kTimesteps | kMu,
       common + multistep_keys() + Keys{optional_boolean("use_lu_lambdas")} + dynamic_shifts() +
           final_sigmas() + spaced("linspace") + zero_snr(),
       build_dpm_multistep},
      {"DPMSolverMultistepInverseScheduler", "dpm_multistep", 0,
       common + multistep_keys() + spaced("linspace"), build_dpm_inverse},
      {"DPMSolverSinglestepScheduler", "dpm_singlestep", kTimesteps | kMu,
       common + dpm_keys("dpmsolver | dpmsolver++ | sde-dpmsolver++ | deis", false) +
           dynamic_shifts() + final_sigmas(),
       build_dpm_singlestep},
      {"DEISMultistepScheduler", "deis", kMu,
       common + deis_keys() + dynamic_shifts() + spaced("linspace"), build_deis},
      {"UniPCMultistepScheduler", "unipc", kSigmas | kMu,
       common + unipc_options() + Keys{optional_real("shift_terminal", 0.0, 0.999999)} +
           dynamic_shifts() + final_sigmas() + spaced("linspace") + zero_snr() + sigma_ends(),
       build_unipc},
      {"SASolverScheduler", "sa_solver", 0, common + sa_keys() + spaced("linspace"),
       build_sa_solver},
  };
}

}  // namespace sched

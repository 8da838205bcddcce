// Classes over log SNR: the DPM-Solver family and UniPC.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

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
  set_dpm_options(values, f);
  f.options.algorithm = dpm_algorithm(values.text("algorithm_type"));
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

}  // namespace

std::vector<Method> log_snr_classes() {
  return {
      {"DPMSolverMultistepScheduler", "dpm_multistep", kTimesteps | kMu,
       usual_betas() + predicts(kFourPredictions) + thresholded() + dpm_keys() + shaped() +
           flow_sigmas() + final_sigmas() + spaced("linspace") + zero_snr(),
       build_dpm_multistep},
      {"UniPCMultistepScheduler", "unipc", kSigmas | kMu,
       usual_betas() + predicts(kFourPredictions) + thresholded() + unipc_keys() + shaped() +
           flow_sigmas() + final_sigmas() + spaced("linspace") + zero_snr() + sigma_ends(),
       build_unipc},
  };
}

}  // namespace sched

// Classes of EDM: preconditioned networks, and sigmas of their own instead of a training
// schedule.  Karras et al. 2022, arXiv:2206.00364, table 1.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

void set_edm(const Values& values, Factors& f) {
  set_shaped_family(values, f);
  f.parameterization.prediction =
      values.text("prediction_type") == "v_prediction" ? Prediction::v : Prediction::edm;
  f.grid.shape =
      values.text("sigma_schedule") == "exponential" ? SigmaShape::exponential : SigmaShape::karras;
  f.grid.model_time = ModelTime::quarter_log;
  f.grid.init_sigma = GridSpec::InitSigma::hypot_one;
  f.grid.quirk_single_is_lowest = true;
  // diffusers: sigma_min here is the last sigma once more, so that the last step stands.
  if (values.text("final_sigmas_type") == "sigma_min") f.grid.final_sigma = FinalSigma::last;
}

void build_edm_euler(const Values& values, Factors& f) {
  set_edm(values, f);
  f.grid.quirk_sigmas_are_ramp = true;
}

void build_edm_dpm(const Values& values, Factors& f) {
  set_edm(values, f);
  set_threshold(values, f);
  set_dpm_options(values, f);
  f.options.euler_at_final = values.flag("euler_at_final");
  f.options.algorithm = dpm_algorithm(values.text("algorithm_type"));
}

void build_cosine_dpm(const Values& values, Factors& f) {
  set_edm(values, f);
  set_dpm_options(values, f);
  f.options.euler_at_final = values.flag("euler_at_final");
  f.grid.model_time = ModelTime::arctan;
  f.options.algorithm = DpmAlgorithm::sde_data;
  f.options.on_path = true;
}

Keys edm_keys(const char* schedule, const char* prediction) {
  return Keys{whole("num_train_timesteps", 1000, 1, 1000000),
              choice("sigma_schedule", schedule, "karras | exponential"),
              choice("prediction_type", prediction, "epsilon | v_prediction")} +
         final_sigmas();
}

Keys dpm_keys(int max_order) {
  return {whole("solver_order", 2, 1, max_order),
          choice("solver_type", "midpoint", "midpoint | heun | logrho | bh1 | bh2"),
          boolean("lower_order_final", true), boolean("euler_at_final", false)};
}

}  // namespace

std::vector<Method> edm_classes() {
  return {
      {"EDMEulerScheduler", "euler", kSigmas | kChurn,
       sigma_range(0.002, 80.0, 0.5) + edm_keys("karras", "epsilon"), build_edm_euler},
      {"EDMDPMSolverMultistepScheduler", "dpm_multistep", 0,
       sigma_range(0.002, 80.0, 0.5) + edm_keys("karras", "epsilon") + dpm_keys(3) +
           Keys{choice("algorithm_type", "dpmsolver++", "dpmsolver++ | sde-dpmsolver++ | deis")} +
           thresholded(),
       build_edm_dpm},
      // The noise comes from a Brownian path, but its steps do not overlap.
      {"CosineDPMSolverMultistepScheduler", "dpm_multistep", 0,
       sigma_range(0.3, 500.0, 1.0) + edm_keys("exponential", "v_prediction") + dpm_keys(2),
       build_cosine_dpm},
  };
}

}  // namespace sched

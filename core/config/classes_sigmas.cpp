// Classes over sigmas, whose sample lives in the VE frame.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

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
  f.options.eta = 1.0;
  f.options.quirk_idle_draw = true;
}

void build_heun(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_shape(values, f);
  set_clip(values, f);
}

}  // namespace

std::vector<Method> sigma_classes() {
  return {
      {"LMSDiscreteScheduler", "lms", kOrder,
       usual_betas() + shaped() + predicts(kThreePredictions) + spaced("linspace"), build_lms},
      {"EulerDiscreteScheduler", "euler", kTimesteps | kSigmas | kChurn,
       usual_betas() + predicts("epsilon | sample | original_sample | v_prediction") +
           Keys{choice("interpolation_type", "linear", "linear | log_linear"),
                choice("timestep_type", "discrete", "discrete | continuous")} +
           shaped() + sigma_ends() + spaced("linspace") + zero_snr() + final_sigmas(),
       build_euler},
      {"EulerAncestralDiscreteScheduler", "euler_ancestral", 0,
       usual_betas() + predicts("epsilon | v_prediction") + spaced("linspace") + zero_snr(),
       build_euler_ancestral},
      {"HeunDiscreteScheduler", "heun", kTimesteps | kTrainSteps,
       betas(0.00085, 0.012, "linear", "linear | scaled_linear | squaredcos_cap_v2 | exp") +
           predicts(kThreePredictions) + shaped() + clipped(false) + spaced("linspace"),
       build_heun},
  };
}

}  // namespace sched

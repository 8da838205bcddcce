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
  if (values.text("timestep_type") == "continuous" &&
      f.parameterization.prediction == Prediction::v) {
    f.grid.model_time = ModelTime::quarter_log;
  }
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

// diffusers: the times of karras sigmas are rounded here, those of other shapes are not.
void build_dpm_2(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_shape(values, f);
  if (f.grid.shape == SigmaShape::karras) f.grid.shaped_times = TimeRounding::nearest;
  f.options.eta = 1.0;
}

void build_dpmpp_sde(const Values& values, Factors& f) {
  set_sigma_family(values, f);
  set_shape(values, f);
  f.options.eta = 1.0;
  f.options.on_path = true;
  if (const auto seed = values.maybe("noise_sampler_seed")) {
    f.options.noise_seed = static_cast<std::uint64_t>(*seed);
  }
}

Keys two_call_keys() {
  return betas(0.00085, 0.012, "linear", kBetas) + shaped() + predicts("epsilon | v_prediction") +
         spaced("linspace");
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
      {"KDPM2DiscreteScheduler", "dpm_2", kTrainSteps, two_call_keys(), build_dpm_2},
      {"KDPM2AncestralDiscreteScheduler", "dpm_2_ancestral", kTrainSteps, two_call_keys(),
       build_dpm_2},
      // Whole numbers up to 2^53 are exact in JSON's doubles.
      {"DPMSolverSDEScheduler", "dpmpp_sde", kTrainSteps | kNoiseScale,
       two_call_keys() + Keys{optional_whole("noise_sampler_seed", 0, 9007199254740992.0)},
       build_dpmpp_sde},
  };
}

}  // namespace sched

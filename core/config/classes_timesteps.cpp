// Classes over whole training timesteps: their keys, and how they become factors.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

constexpr const char* kVariances =
    "fixed_small | fixed_small_log | fixed_large | fixed_large_log | learned | learned_range";

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

// Only the schedule differs from DDIM's; what the step does with x0 unclipped is the same.
void build_cogvideox_ddim(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  set_zero_snr(values, ZeroSnr::exact, f);
  f.schedule.snr_shift = values.number("snr_shift_scale");
  f.grid.final_alpha_one = values.flag("set_alpha_to_one");
  f.grid.stride_previous = true;
}

// diffusers: the clip and threshold keys are there and never applied.
void build_tcd(const Values& values, Factors& f) {
  build_lcm(values, f);
  f.clip = {};
  f.grid.argument_means_all = true;
  f.options.eta = 0.3;
}

Keys ddim_keys() {
  return usual_betas() + clipped(true) + set_alpha(true) + spaced("leading") +
         predicts(kThreePredictions) + thresholded() + zero_snr();
}

Keys ddpm_keys() {
  return betas(0.0001, 0.02, "linear",
               "linear | scaled_linear | squaredcos_cap_v2 | laplace | sigmoid") +
         Keys{choice("variance_type", "fixed_small", kVariances)} + clipped(true) +
         predicts(kThreePredictions) + thresholded() + spaced("leading") + zero_snr();
}

Keys lcm_keys() {
  return betas(0.00085, 0.012, "scaled_linear", kBetas) +
         Keys{whole("original_inference_steps", 50, 1, 1000000),
              real("timestep_scaling", 10.0, 0, 1e9, true)} +
         clipped(false) + set_alpha(true) + spaced("leading") + predicts(kThreePredictions) +
         thresholded() + zero_snr();
}

Keys cogvideox_keys() {
  return betas(0.00085, 0.012, "scaled_linear", kBetas) + clipped(true) + set_alpha(true) +
         predicts(kThreePredictions) +
         Keys{real("sample_max_value", 1.0, 0, 1e30, true),
              real("snr_shift_scale", 3.0, 0, 1e6, true)} +
         spaced("leading") + zero_snr();
}

}  // namespace

std::vector<Method> timestep_classes() {
  return {
      {"DDIMScheduler", "ddim", kEta | kClippedEpsilon, ddim_keys(), build_ddim},
      {"DDPMScheduler", "ddpm", kTimesteps, ddpm_keys(), build_ddpm},
      {"PNDMScheduler", "pndm", 0,
       usual_betas() + Keys{boolean("skip_prk_steps", false)} + set_alpha(false) +
           predicts("epsilon | v_prediction") + spaced("leading"),
       build_pndm},
      {"LCMScheduler", "lcm", kTimesteps | kOriginalSteps, lcm_keys(), build_lcm},
      {"TCDScheduler", "tcd", kTimesteps | kOriginalSteps | kEta, lcm_keys(), build_tcd},
      {"DDIMParallelScheduler", "ddim", kEta | kClippedEpsilon, ddim_keys(), build_ddim},
      {"DDPMParallelScheduler", "ddpm", kTimesteps, ddpm_keys(), build_ddpm},
      {"CogVideoXDDIMScheduler", "ddim", 0, cogvideox_keys(), build_cogvideox_ddim},
  };
}

}  // namespace sched

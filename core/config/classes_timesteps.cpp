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

// diffusers: steps at times of their own go a stride down, and end at clean data.
void set_parallel(Factors& f) {
  f.grid.quirk_groups_by_stride = true;
  f.grid.quirk_groups_end_at_data = true;
}

void build_ddim_parallel(const Values& values, Factors& f) {
  build_ddim(values, f);
  set_parallel(f);
}

void build_ddpm_parallel(const Values& values, Factors& f) {
  build_ddpm(values, f);
  set_parallel(f);
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

void build_ddim_inverse(const Values& values, Factors& f) {
  set_timestep_family(values, f);
  set_zero_snr(values, ZeroSnr::exact, f);
  set_clip(values, f);
  f.grid.final_alpha_one = values.flag("set_alpha_to_one");
  f.grid.rising = true;
}

// SDE-DPM-Solver++ of order 2, down to the order of the last step.
// diffusers: the clip keys are there and never applied.
void build_cogvideox_dpm(const Values& values, Factors& f) {
  build_cogvideox_ddim(values, f);
  f.options.algorithm = DpmAlgorithm::sde_data;
  f.options.lower_order_final = false;
  f.options.eta = 1.0;
  f.options.quirk_idle_draw = true;
  f.options.quirk_spare_draw = true;
  f.options.quirk_first_order_below = true;
}

void build_unclip(const Values& values, Factors& f) {
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.schedule.kind = BetaSchedule::squaredcos_cap_v2;
  set_prediction(values, Frame::vp, f);
  set_clip(values, f);
  f.grid.family = GridFamily::timesteps;
  f.grid.spacing = Spacing::linspace;
  f.grid.whole_times = true;
  f.grid.needs_two_steps = true;
  f.learned_channels = values.text("variance_type") == "learned_range";
  f.options.variance = f.learned_channels ? Variance::learned_range : Variance::fixed_small;
}

void build_wuerstchen(const Values& values, Factors& f) {
  f.grid.family = GridFamily::cosine;
  f.grid.cosine_power = values.number("scaler");
  f.grid.cosine_offset = values.number("s");
  f.options.variance = Variance::posterior;
  f.options.quirk_idle_draw = true;
}

// The network gives v under another name: alpha m + sigma x is the noise.
void build_ipndm(const Values& values, Factors& f) {
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.parameterization.prediction = Prediction::v;
  f.grid.family = GridFamily::sine;
  f.options.order = 4;
  f.options.quirk_lost_x0 = true;
  if (!values.given("trained_betas")) return;
  f.grid.given_sigmas = values.numbers("trained_betas");
  if (f.grid.given_sigmas.size() < 2) {
    fail(Status::value, "trained_betas must list the levels of a step or more, the end included");
  }
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

Keys ddim_inverse_keys() {
  return usual_betas() + clipped(true) + set_alpha(true) + predicts(kThreePredictions) +
         Keys{choice("timestep_spacing", "leading", "leading | trailing"),
              whole("steps_offset", 0, -1000000, 1000000)} +
         zero_snr();
}

Keys unclip_keys() {
  return Keys{whole("num_train_timesteps", 1000, 1, 1000000),
              choice("variance_type", "fixed_small_log", "fixed_small_log | learned_range"),
              choice("beta_schedule", "squaredcos_cap_v2", "squaredcos_cap_v2")} +
         clipped(true) + predicts("epsilon | sample");
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
      {"DDIMParallelScheduler", "ddim", kEta | kClippedEpsilon | kGroups, ddim_keys(),
       build_ddim_parallel},
      {"DDPMParallelScheduler", "ddpm", kTimesteps | kGroups, ddpm_keys(), build_ddpm_parallel},
      {"CogVideoXDDIMScheduler", "ddim", 0, cogvideox_keys(), build_cogvideox_ddim},
      {"CogVideoXDPMScheduler", "dpm_multistep", 0, cogvideox_keys(), build_cogvideox_dpm},
      {"DDIMInverseScheduler", "ddim", 0, ddim_inverse_keys(), build_ddim_inverse},
      {"UnCLIPScheduler", "ddpm", kGroups, unclip_keys(), build_unclip},
      {"DDPMWuerstchenScheduler", "ddpm", kTimesteps,
       Keys{real("scaler", 1.0, 0, 1000, true), real("s", 0.008, 0, 1000)}, build_wuerstchen},
      {"IPNDMScheduler", "ipndm", 0,
       Keys{whole("num_train_timesteps", 1000, 1, 1000000), optional_list("trained_betas", 0, 1)},
       build_ipndm},
  };
}

}  // namespace sched

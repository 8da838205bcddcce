// Flow-matching classes.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"
#include "words.hpp"

namespace sched {

namespace {

Keys flow_keys() {
  return Keys{whole("num_train_timesteps", 1000, 1, 1000000), real("shift", 1.0, 0, 1e6, true),
              boolean("use_dynamic_shifting", false),
              // Pipelines compute mu from these four; the scheduler only carries them.
              optional_real("base_shift", -1e6, 1e6), optional_real("max_shift", -1e6, 1e6),
              whole("base_image_seq_len", 256, 0, 1e9), whole("max_image_seq_len", 4096, 0, 1e9),
              boolean("invert_sigmas", false), optional_real("shift_terminal", 0.0, 0.999999),
              choice("time_shift_type", "exponential", "exponential | linear")};
}

Keys plain_keys() {
  return {whole("num_train_timesteps", 1000, 1, 1000000), real("shift", 1.0, 0, 1e6, true)};
}

void set_flow(Factors& f, bool reversed) {
  f.schedule.flow = true;
  f.parameterization = {Prediction::flow, Frame::flow, reversed};
  f.grid.family = GridFamily::flow;
  f.grid.frame = Frame::flow;
}

void set_shift(const Values& values, Factors& f) {
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.grid.shift = values.number("shift");
}

void set_shifted_flow(const Values& values, Factors& f) {
  set_flow(f, values.flag("invert_sigmas"));
  set_shift(values, f);
  f.grid.shift_twice = true;
  f.grid.dynamic_shift = values.flag("use_dynamic_shifting");
  f.grid.time_shift = time_shift(values.text("time_shift_type"));
  f.grid.shift_terminal = values.maybe("shift_terminal");
  if (f.grid.shift_terminal == 0.0) f.grid.shift_terminal.reset();
  f.grid.inverted = values.flag("invert_sigmas");
  set_shape(values, f);
}

void build_flow_euler(const Values& values, Factors& f) {
  set_shifted_flow(values, f);
  f.options.stochastic = values.flag("stochastic_sampling");
  f.options.quirk_token_sign = true;
}

void build_flow_lcm(const Values& values, Factors& f) {
  set_shifted_flow(values, f);
  if (values.given("scale_factors")) {
    fail(Status::unsupported,
         "scale_factors change the shape of the sample from step to step, "
         "which a loop here does not; leave it null");
  }
  f.grid.keeps_custom_times = true;
  f.options.stochastic = true;
}

void build_flow_heun(const Values& values, Factors& f) {
  set_flow(f, false);
  set_shift(values, f);
  f.grid.shift_twice = true;
}

void build_flow_map(const Values& values, Factors& f) {
  set_flow(f, false);
  set_shift(values, f);
  f.grid.to_zero = true;
}

void build_ltx(const Values& values, Factors& f) {
  set_flow(f, false);
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.grid.shift_twice = true;
  f.grid.sigmas_with_end = true;
  f.options.eta = values.number("eta");
  f.options.noise_scale = values.number("s_noise");
  f.options.quirk_guarded_alpha = true;
  f.options.quirk_call_at_end = true;
}

void build_minimax(const Values& values, Factors& f) {
  set_flow(f, true);
  f.grid.shift = values.number("shift");
  f.grid.to_zero = true;
  f.grid.counts_points = true;
  f.grid.sigmas_with_end = true;
  f.grid.reversed_times = true;
}

}  // namespace

std::vector<Method> flow_classes() {
  return {
      {"FlowMatchEulerDiscreteScheduler", "flow_match_euler", kTimesteps | kSigmas | kMu | kGroups,
       flow_keys() + Keys{boolean("stochastic_sampling", false)} + shaped(), build_flow_euler},
      {"FlowMatchHeunDiscreteScheduler", "heun", kChurn, plain_keys(), build_flow_heun},
      {"FlowMatchLCMScheduler", "flow_match_euler", kTimesteps | kSigmas | kMu,
       flow_keys() + shaped() +
           Keys{optional_list("scale_factors", 0, 1e6),
                choice("upscale_mode", "bicubic",
                       "nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact")},
       build_flow_lcm},
      {"FlowMapEulerDiscreteScheduler", "flow_match_euler", kTimesteps | kSigmas | kGroups,
       plain_keys(), build_flow_map},
      {"LTXEulerAncestralRFScheduler", "euler_ancestral_rf", kSigmas,
       Keys{whole("num_train_timesteps", 1000, 1, 1000000), real("eta", 1.0, 0, 1),
            real("s_noise", 1.0, 0, 1000)},
       build_ltx},
      {"MiniMaxH3Scheduler", "flow_match_euler", kSigmas, Keys{real("shift", 12.0, 0, 1e6, true)},
       build_minimax},
  };
}

}  // namespace sched

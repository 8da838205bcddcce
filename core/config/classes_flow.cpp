// Flow-matching classes.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

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

}  // namespace

std::vector<Method> flow_classes() {
  return {
      {"FlowMatchEulerDiscreteScheduler", "flow_match_euler", kTimesteps | kSigmas | kMu | kGroups,
       flow_keys() + shaped(), build_flow},
  };
}

}  // namespace sched

// The same step on the host and in a command buffer.

#ifndef SCHED_TESTS_VULKAN_STEPS_HPP_
#define SCHED_TESTS_VULKAN_STEPS_HPP_

#include <optional>

#include "buffers.hpp"

namespace vulkan_test {

// Everything that goes into a step.
struct Inputs {
  explicit Inputs(const Tensor& from) : sample(from) {}

  Tensor sample;
  std::optional<Tensor> prediction, unconditional, noise[2], mask, original, known_noise;
  double guidance_scale = 1.0;
  std::int32_t groups = 0;
  std::vector<double> times, targets;
  bool without_noise = false;
  bool wants_denoised = false, wants_next_input = false;
};

struct Outputs {
  explicit Outputs(const Tensor& to) : next(to) {}

  Tensor next;
  std::optional<Tensor> denoised, next_input;
};

// The call that comes next, as the caller's loop makes it: RePaint gets its mask, CFG++
// the unconditional prediction.
sched_call next_call(sched_state* state);
Inputs inputs_for(sched_state* state, const Config& config, const Tensor& sample);

// Throw std::runtime_error with the library's sentence.
Outputs step_on_host(sched_state* state, const Inputs& inputs);
Outputs step_recorded(sched_vulkan* vulkan, sched_state* state, const Inputs& inputs,
                      const Arrangement& arrangement = {});
// As tensors of `dtype`; `next` at least is of the state's.
Inputs in(const Inputs& inputs, std::int32_t dtype);

Tensor initial_noise_recorded(sched_vulkan* vulkan, sched_state* state,
                              const sched_init_options& options);
Tensor scaled_input_recorded(sched_vulkan* vulkan, sched_state* state, const Tensor& sample);

// From `sample` to the end of the loop: the sample after each call.
std::vector<Tensor> run_recorded(sched_vulkan* vulkan, sched_state* state, const Config& config,
                                 Tensor sample, const Arrangement& arrangement = {});

// Does any call draw normals, or look at a quantile?  Else the bits are those of the CPU.
bool is_exact(sched_state* state, const Config& config);

// Largest difference, for values of at most the larger of 1 and the peak.
double relative_distance(const Tensor& a, const Tensor& b);
double relative_distance(const Outputs& a, const Outputs& b);

// A step's rounding of the storage, twice over.
double bound_for(std::int32_t dtype);

}  // namespace vulkan_test

#endif  // SCHED_TESTS_VULKAN_STEPS_HPP_

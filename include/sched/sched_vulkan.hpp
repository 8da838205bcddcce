/*
 * sched_vulkan.hpp: <sched/sched_vulkan.h> for C++17, header only: the application's own device,
 * and steps that are recorded into its command buffers.
 *
 *     sched_vulkan_import_options import = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
 *     import.instance = instance;  // ... by value; without a queue it records only
 *     sched::Vulkan vulkan = sched::import_vulkan(import);
 *     ...
 *     sched::RecordArgs step;
 *     step.sample = step.next = {buffer, 0, bytes, elements};
 *     step.prediction = {buffer, 4 * elements, bytes, elements};
 *     sched::record_step(vulkan, state, commands, step);
 *
 * Barriers, what a recording is good for, and errors: <sched/sched_vulkan.h>.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_VULKAN_HPP_
#define SCHED_SCHED_VULKAN_HPP_

#include <sched/sched_vulkan.h>
#include <sched/sched_device.hpp>

namespace sched {

/** sched_vulkan_import(); the message of `options` is not used. */
inline Vulkan import_vulkan(sched_vulkan_import_options options) {
  char message[detail::kMessageCapacity] = "";
  options.message = message;
  options.message_capacity = sizeof(message);
  sched_vulkan* vulkan = nullptr;
  detail::check(sched_vulkan_import(&options, &vulkan), message);
  return Vulkan(vulkan);
}

/** sched_vulkan_get_info() */
inline sched_vulkan_info vulkan_info(const Vulkan& vulkan) {
  sched_vulkan_info info = {};
  info.struct_size = sizeof(info);
  detail::check(sched_vulkan_get_info(vulkan.get(), &info));
  return info;
}

/** A tensor in a buffer of the application's; `size` values for the whole batch. */
struct BufferView {
  VkBuffer buffer = VK_NULL_HANDLE;  ///< null means none
  std::uint64_t offset = 0;          ///< bytes, a multiple of 4
  std::uint64_t buffer_size = 0;     ///< bytes that the buffer has
  std::int64_t size = 0;
  sched_dtype dtype = SCHED_F32;
  VkDevice device = VK_NULL_HANDLE;  ///< that made the buffer; null means not checked

  explicit operator bool() const noexcept { return buffer != VK_NULL_HANDLE; }

  /** The C struct.  A size that is no whole number of items makes one item, which fits nothing. */
  sched_vulkan_tensor tensor(std::int64_t batch) const noexcept {
    if (batch < 1 || size % batch != 0) batch = 1;
    sched_vulkan_tensor tensor = SCHED_VULKAN_TENSOR_INIT;
    tensor.dtype = dtype;
    tensor.device = device;
    tensor.buffer = buffer;
    tensor.offset = offset;
    tensor.buffer_size = buffer_size;
    tensor.batch = batch;
    tensor.elements = size / batch;
    return tensor;
  }
};

/** sched_vulkan_step_args with views: StepArgs, tensor for tensor. */
struct RecordArgs {
  BufferView sample, prediction, next;
  BufferView unconditional;
  double guidance_scale = 1.0;
  std::array<BufferView, 2> noise;
  BufferView denoised, next_input;
  Span<const double> group_timesteps;  ///< host memory, [batch * groups]
  Span<const double> group_targets;    ///< host memory, as many
  BufferView mask, original, known_noise;
  bool without_noise = false;
};

namespace detail {

// The C struct of a view, and a pointer to it where there is one.
class CBuffer {
 public:
  CBuffer(const BufferView& view, const State& state) noexcept
      : given_(view), tensor_(view.tensor(state.batch())) {}
  const sched_vulkan_tensor* get() const noexcept { return given_ ? &tensor_ : nullptr; }

 private:
  bool given_;
  sched_vulkan_tensor tensor_;
};

inline void check_record(sched_status status, const State& state) {
  if (status != SCHED_OK) check(status, sched_last_error(state.get()));
}

}  // namespace detail

/** sched_vulkan_record_step() */
inline void record_step(const Vulkan& vulkan, State& state, VkCommandBuffer commands,
                        const RecordArgs& args) {
  using detail::CBuffer;
  const CBuffer sample(args.sample, state), prediction(args.prediction, state);
  const CBuffer next(args.next, state), unconditional(args.unconditional, state);
  const CBuffer noise[2] = {{args.noise[0], state}, {args.noise[1], state}};
  const CBuffer denoised(args.denoised, state), next_input(args.next_input, state);
  const CBuffer mask(args.mask, state), original(args.original, state);
  const CBuffer known_noise(args.known_noise, state);

  sched_vulkan_step_args c_args = SCHED_VULKAN_STEP_ARGS_INIT;
  c_args.sample = sample.get();
  c_args.prediction = prediction.get();
  c_args.next = next.get();
  c_args.unconditional = unconditional.get();
  c_args.guidance_scale = args.guidance_scale;
  for (int draw = 0; draw < 2; ++draw) c_args.noise[draw] = noise[draw].get();
  c_args.denoised = denoised.get();
  c_args.next_input = next_input.get();
  c_args.mask = mask.get();
  c_args.original = original.get();
  c_args.known_noise = known_noise.get();
  c_args.without_noise = args.without_noise ? 1 : 0;
  detail::set_groups(args, state.batch(), c_args);
  detail::check_record(sched_vulkan_record_step(vulkan.get(), state.get(), commands, &c_args),
                       state);
}

/** sched_vulkan_record_initial_noise() */
inline void record_initial_noise(const Vulkan& vulkan, State& state, VkCommandBuffer commands,
                                 const BufferView& out) {
  const detail::CBuffer to(out, state);
  detail::check_record(
      sched_vulkan_record_initial_noise(vulkan.get(), state.get(), commands, to.get()), state);
}

/** sched_vulkan_record_scale_input() */
inline void record_scale_input(const Vulkan& vulkan, State& state, VkCommandBuffer commands,
                               const BufferView& sample, const BufferView& out) {
  const detail::CBuffer from(sample, state), to(out, state);
  detail::check_record(
      sched_vulkan_record_scale_input(vulkan.get(), state.get(), commands, from.get(), to.get()),
      state);
}

/** sched_vulkan_record_add_noise(); an empty `noise` is that of the first sample. */
inline void record_add_noise(const Vulkan& vulkan, State& state, VkCommandBuffer commands,
                             std::int64_t step, const BufferView& original, const BufferView& noise,
                             const BufferView& out) {
  const detail::CBuffer from(original, state), normals(noise, state), to(out, state);
  detail::check_record(sched_vulkan_record_add_noise(vulkan.get(), state.get(), commands, step,
                                                     from.get(), normals.get(), to.get()),
                       state);
}

}  // namespace sched

#endif  // SCHED_SCHED_VULKAN_HPP_

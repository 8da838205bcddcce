#include "vulkan_loop.hpp"

#include <cstring>
#include <stdexcept>

namespace {

sched_scheduler* make_scheduler(const char* config) {
  char message[1024] = "";
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_scheduler* scheduler = nullptr;
  if (sched_create(config, std::strlen(config), &options, &scheduler) != SCHED_OK) {
    throw std::runtime_error(message);
  }
  return scheduler;
}

sched_state* make_state(const sched_scheduler* scheduler, sched_vulkan* vulkan,
                        const LoopShape& shape) {
  char message[1024] = "";
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = shape.steps;
  options.batch = shape.batch;
  options.elements = shape.elements;
  options.dtype = shape.dtype;
  options.kernel = SCHED_KERNEL_VULKAN;
  options.vulkan = vulkan;
  options.recorded_in_flight = shape.in_flight;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_state* state = nullptr;
  if (sched_init(scheduler, &options, &state) != SCHED_OK) throw std::runtime_error(message);
  return state;
}

}  // namespace

VulkanLoop::VulkanLoop(sched_vulkan* vulkan, const LoopShape& shape)
    : vulkan_(vulkan),
      shape_(shape),
      scheduler_(make_scheduler(shape.config), sched_free),
      state_(make_state(scheduler_.get(), vulkan, shape), sched_state_free) {}

void VulkanLoop::record(VkCommandBuffer commands, const sched_vulkan_step_args& args) const {
  if (sched_vulkan_record_step(vulkan_, state_.get(), commands, &args) != SCHED_OK) {
    throw std::runtime_error(sched_last_error(state_.get()));
  }
}

sched_vulkan_tensor tensor_in(const DeviceBuffer& buffer, uint64_t offset, const LoopShape& shape) {
  sched_vulkan_tensor tensor = SCHED_VULKAN_TENSOR_INIT;
  tensor.dtype = shape.dtype;
  tensor.buffer = buffer.handle();
  tensor.offset = offset;
  tensor.buffer_size = buffer.bytes();
  tensor.batch = shape.batch;
  tensor.elements = shape.elements;
  return tensor;
}

uint64_t bytes_of(sched_dtype dtype) { return dtype == SCHED_F32 ? 4 : 2; }

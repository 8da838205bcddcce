// A scheduler and a state on a Vulkan context, made for the benchmark: whatever fails throws.

#pragma once

#include <cstdint>
#include <memory>

#include "vulkan_device.hpp"

struct LoopShape {
  const char* config;
  int32_t steps;
  int64_t batch;
  int64_t elements;
  sched_dtype dtype;
  int32_t in_flight;  // 0: every call
};

class VulkanLoop {
 public:
  VulkanLoop(sched_vulkan* vulkan, const LoopShape& shape);

  sched_state* state() const { return state_.get(); }
  const LoopShape& shape() const { return shape_; }
  void record(VkCommandBuffer commands, const sched_vulkan_step_args& args) const;

 private:
  sched_vulkan* vulkan_;
  LoopShape shape_;
  std::unique_ptr<sched_scheduler, void (*)(sched_scheduler*)> scheduler_;
  std::unique_ptr<sched_state, void (*)(sched_state*)> state_;
};

// A whole buffer, or a part of it that begins at `offset`, as a tensor of the loop's shape.
sched_vulkan_tensor tensor_in(const DeviceBuffer& buffer, uint64_t offset, const LoopShape& shape);

uint64_t bytes_of(sched_dtype dtype);

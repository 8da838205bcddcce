// The vulkan kernel as a name: its passes run on a device, by vulkan/executor.cpp.

#include "kernel.hpp"

namespace sched {

namespace {

bool takes(DType type) { return type == DType::f32 || type == DType::f16 || type == DType::bf16; }

}  // namespace

extern const Kernel kVulkanKernel;
const Kernel kVulkanKernel = {4, "vulkan", DType::f32, takes, nullptr};

}  // namespace sched

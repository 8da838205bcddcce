// The vulkan kernel as a name: its passes run on a device, by vulkan/executor.cpp.

#include "kernel.hpp"

namespace sched {

extern const Kernel kVulkanKernel;
const Kernel kVulkanKernel = {
    4,       "vulkan", DType::f32, takes_floats, [](DType type) { return type == DType::f32; },
    nullptr, nullptr};

}  // namespace sched

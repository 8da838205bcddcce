// Opens the machine's Vulkan loader and fills the tables of functions.hpp.

#pragma once

#include "functions.hpp"

namespace sched::vulkan {

// The loader's entry point; the loader stays open until the program ends.  Throws unsupported
// where there is none.
PFN_vkGetInstanceProcAddr open_loader();

// Throw unsupported where a function is missing.
InstanceFunctions load_instance(PFN_vkGetInstanceProcAddr get_instance_proc_addr,
                                VkInstance instance);
DeviceFunctions load_device(const InstanceFunctions& functions, VkDevice device);

}  // namespace sched::vulkan

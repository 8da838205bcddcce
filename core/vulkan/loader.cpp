// The loader is found by volk (Kapoulkine), which knows its name on each system.  Only that is
// volk's: its global function pointers would be those of one device.

#include "loader.hpp"

#include <mutex>

#include "../status.hpp"

// What volk includes, here first, so that it does not land in the namespace below.
#include <vulkan/vulkan.h>
#if defined(_WIN32)
#define VOLK_IMPLEMENTATION
#include <volk.h>
#else
#include <dlfcn.h>

#include <cstdlib>

// volk's variables have the names of Vulkan's functions and C linkage, which no namespace
// contains.  In a static build they would take the place of the functions of an application
// that links the loader, or clash with a volk of its own.  As C++ they stay in this file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wbuiltin-macro-redefined"
#pragma push_macro("__cplusplus")
#undef __cplusplus
namespace {
#define VOLK_IMPLEMENTATION
#include <volk.h>
}  // namespace
#pragma pop_macro("__cplusplus")
#pragma GCC diagnostic pop
#endif

namespace sched::vulkan {

namespace {

template <typename Function>
void require(Function function, const char* name, const char* owner) {
  if (function == nullptr) {
    fail(Status::unsupported, "the Vulkan ", owner, " does not offer ", name,
         ", which every one must have; its loader or driver is broken or incomplete");
  }
}

}  // namespace

PFN_vkGetInstanceProcAddr open_loader() {
  static std::once_flag opened;
  // Where it throws, the next call tries again.
  std::call_once(opened, [] {
    if (volkInitialize() != VK_SUCCESS || vkGetInstanceProcAddr == nullptr) {
      fail(Status::unsupported,
           "this machine has no Vulkan loader (libvulkan.so.1, vulkan-1.dll or libvulkan.dylib)");
    }
  });
  return vkGetInstanceProcAddr;
}

InstanceFunctions load_instance(PFN_vkGetInstanceProcAddr get_instance_proc_addr,
                                VkInstance instance) {
  InstanceFunctions table{};
#define SCHED_VULKAN_LOAD(name)                                                       \
  table.name = reinterpret_cast<PFN_##name>(get_instance_proc_addr(instance, #name)); \
  require(table.name, #name, "instance");
  SCHED_VULKAN_INSTANCE_FUNCTIONS(SCHED_VULKAN_LOAD)
#undef SCHED_VULKAN_LOAD
  return table;
}

DeviceFunctions load_device(const InstanceFunctions& functions, VkDevice device) {
  DeviceFunctions table{};
#define SCHED_VULKAN_LOAD(name)                                                            \
  table.name = reinterpret_cast<PFN_##name>(functions.vkGetDeviceProcAddr(device, #name)); \
  require(table.name, #name, "device");
  SCHED_VULKAN_DEVICE_FUNCTIONS(SCHED_VULKAN_LOAD)
#undef SCHED_VULKAN_LOAD
  return table;
}

}  // namespace sched::vulkan

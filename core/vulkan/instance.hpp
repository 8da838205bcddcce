// An instance of the library's own and the devices that it offers.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "functions.hpp"

namespace sched::vulkan {

struct PhysicalDevice {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties{};
  std::optional<std::uint32_t> compute_family;  // the library cannot run without one
};

class Instance {
 public:
  // nullptr where the loader has no driver.  Throws Error.
  static std::unique_ptr<Instance> open();
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance handle() const { return instance_; }
  const InstanceFunctions& functions() const { return functions_; }
  // In the loader's order, which is that of their indices.  Throws Error.
  std::vector<PhysicalDevice> devices() const;

 private:
  Instance() = default;

  VkInstance instance_ = VK_NULL_HANDLE;
  PFN_vkDestroyInstance destroy_ = nullptr;
  InstanceFunctions functions_{};
};

std::vector<VkQueueFamilyProperties> queue_families_of(const InstanceFunctions& functions,
                                                       VkPhysicalDevice device);

// Those of the driver and of layers that are always on.  Throws Error.
std::vector<std::string> extensions_of(const InstanceFunctions& functions, VkPhysicalDevice device);

// By its index, or for -1 the most suitable of those whose name has `name` in it, in any case.
// Throws unsupported, with what there is.
const PhysicalDevice& choose_device(const std::vector<PhysicalDevice>& devices, int index,
                                    const std::string& name);

}  // namespace sched::vulkan

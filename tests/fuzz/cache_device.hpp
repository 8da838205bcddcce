// The device whose pipeline cache is read.

#pragma once

#include <cstring>

#include "../../core/vulkan/functions.hpp"

namespace fuzz {

inline VkPhysicalDeviceProperties cache_device() {
  VkPhysicalDeviceProperties device{};
  device.vendorID = 0x10005;
  device.deviceID = 7;
  device.driverVersion = 42;
  std::memset(device.pipelineCacheUUID, 0x77, VK_UUID_SIZE);
  return device;
}

}  // namespace fuzz

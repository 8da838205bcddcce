// The driver's pipeline cache in bytes that can be checked without a driver.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "functions.hpp"

namespace sched::vulkan {

struct DriverBytes {
  const unsigned char* data;
  std::size_t size;
};

std::vector<unsigned char> wrap_cache(const std::vector<unsigned char>& driver,
                                      const VkPhysicalDeviceProperties& device);
// The driver's part of such bytes, where they are whole and of this device.  Throws Error.
DriverBytes unwrap_cache(const unsigned char* bytes, std::uint64_t size,
                         const VkPhysicalDeviceProperties& device);

}  // namespace sched::vulkan

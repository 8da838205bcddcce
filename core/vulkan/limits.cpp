// The limits that the shaders are made for.  What Vulkan offers beyond them is not used.

#include <algorithm>

#include "../status.hpp"
#include "device.hpp"

namespace sched::vulkan {

namespace {

// Enough to fill any device; what every Roadmap 2022 device offers.
constexpr std::uint32_t kGroupSize = 256;
constexpr std::uint32_t kSmallestGroup = 32;

std::uint32_t power_of_two_up_to(std::uint32_t bound) {
  std::uint32_t power = 1;
  while (power <= bound / 2) power *= 2;
  return power;
}

Limits limits_of(const VkPhysicalDeviceLimits& device) {
  Limits limits;
  limits.max_buffers =
      std::min(device.maxPerStageDescriptorStorageBuffers, device.maxDescriptorSetStorageBuffers);
  limits.group_size = power_of_two_up_to(std::min(
      {kGroupSize, device.maxComputeWorkGroupInvocations, device.maxComputeWorkGroupSize[0]}));
  limits.max_group_count = device.maxComputeWorkGroupCount[0];
  limits.max_range = device.maxStorageBufferRange;
  // The shaders read whole words.
  limits.offset_alignment = std::max<std::uint64_t>(4, device.minStorageBufferOffsetAlignment);
  limits.uniform_alignment = std::max<std::uint64_t>(4, device.minUniformBufferOffsetAlignment);
  limits.max_uniform_range = device.maxUniformBufferRange;
  limits.atom = std::max<std::uint64_t>(1, device.nonCoherentAtomSize);
  return limits;
}

}  // namespace

void Device::read_limits(const std::function<void(Limits&)>& limit) {
  limits_ = limits_of(properties_.limits);
  // Below what Vulkan requires of every device.
  if (limits_.max_buffers < kFewBuffers || limits_.group_size < kSmallestGroup) {
    fail(Status::unsupported, "the Vulkan device ", properties_.deviceName, " offers ",
         limits_.max_buffers, " storage buffers and groups of ", limits_.group_size,
         " invocations; the library needs ", kFewBuffers, " and ", kSmallestGroup);
  }
  if (limit) limit(limits_);
  limits_.group_size = power_of_two_up_to(limits_.group_size);
}

}  // namespace sched::vulkan

// VkResult as an error of the library.

#include "../status.hpp"
#include "device.hpp"

namespace sched::vulkan {

namespace {

struct NamedResult {
  VkResult result;
  const char* name;
};

#define SCHED_VULKAN_NAMED(result) \
  { result, #result }
// Those that the functions in functions.hpp may return.
constexpr NamedResult kNamed[] = {
    SCHED_VULKAN_NAMED(VK_NOT_READY),
    SCHED_VULKAN_NAMED(VK_TIMEOUT),
    SCHED_VULKAN_NAMED(VK_INCOMPLETE),
    SCHED_VULKAN_NAMED(VK_ERROR_OUT_OF_HOST_MEMORY),
    SCHED_VULKAN_NAMED(VK_ERROR_OUT_OF_DEVICE_MEMORY),
    SCHED_VULKAN_NAMED(VK_ERROR_INITIALIZATION_FAILED),
    SCHED_VULKAN_NAMED(VK_ERROR_DEVICE_LOST),
    SCHED_VULKAN_NAMED(VK_ERROR_MEMORY_MAP_FAILED),
    SCHED_VULKAN_NAMED(VK_ERROR_LAYER_NOT_PRESENT),
    SCHED_VULKAN_NAMED(VK_ERROR_EXTENSION_NOT_PRESENT),
    SCHED_VULKAN_NAMED(VK_ERROR_FEATURE_NOT_PRESENT),
    SCHED_VULKAN_NAMED(VK_ERROR_INCOMPATIBLE_DRIVER),
    SCHED_VULKAN_NAMED(VK_ERROR_TOO_MANY_OBJECTS),
    SCHED_VULKAN_NAMED(VK_ERROR_FORMAT_NOT_SUPPORTED),
    SCHED_VULKAN_NAMED(VK_ERROR_FRAGMENTED_POOL),
    SCHED_VULKAN_NAMED(VK_ERROR_UNKNOWN),
    SCHED_VULKAN_NAMED(VK_ERROR_OUT_OF_POOL_MEMORY),
    SCHED_VULKAN_NAMED(VK_ERROR_INVALID_EXTERNAL_HANDLE),
    SCHED_VULKAN_NAMED(VK_ERROR_FRAGMENTATION),
    SCHED_VULKAN_NAMED(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS),
    SCHED_VULKAN_NAMED(VK_ERROR_INVALID_SHADER_NV),
    SCHED_VULKAN_NAMED(VK_ERROR_NOT_PERMITTED_KHR),
};
#undef SCHED_VULKAN_NAMED

Status status_of(VkResult result) {
  switch (result) {
    case VK_ERROR_DEVICE_LOST:
      return Status::device_lost;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      return Status::device_memory;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return Status::memory;
    default:
      return Status::vulkan;
  }
}

}  // namespace

std::string name_of(VkResult result) {
  for (const NamedResult& named : kNamed) {
    if (named.result == result) return named.name;
  }
  return text_of("VkResult ", static_cast<int>(result));
}

void check(VkResult result, const char* call) {
  if (result != VK_SUCCESS) fail(status_of(result), call, " failed: ", name_of(result));
}

}  // namespace sched::vulkan

#include "vulkan_context.hpp"

#include <stdexcept>

#if defined(SCHED_HAVE_VULKAN)

#include "phone_limits.hpp"

std::shared_ptr<sched_vulkan> open_vulkan(const VulkanOptions& options) {
  char message[1024] = "no Vulkan";
  const sched_vulkan_limits limits = phone_limits();
  sched_vulkan_create_options create = SCHED_VULKAN_CREATE_OPTIONS_INIT;
  create.device_name = options.device.empty() ? nullptr : options.device.c_str();
  create.limits = options.phone ? &limits : nullptr;
  create.message = message;
  create.message_capacity = sizeof message;
  sched_vulkan* vulkan = nullptr;
  if (sched_vulkan_create(&create, &vulkan) != SCHED_OK) throw std::runtime_error(message);
  return {vulkan, sched_vulkan_free};
}

std::string vulkan_name(const sched_vulkan* vulkan) {
  sched_vulkan_info info{};
  info.struct_size = sizeof info;
  return sched_vulkan_get_info(vulkan, &info) == SCHED_OK ? info.name : "";
}

#else

std::shared_ptr<sched_vulkan> open_vulkan(const VulkanOptions&) {
  throw std::runtime_error("this build has no Vulkan");
}

std::string vulkan_name(const sched_vulkan*) { return ""; }

#endif

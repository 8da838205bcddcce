// The program's Vulkan device, in a build that has one.

#pragma once

#include <sched/sched.h>

#include <memory>
#include <string>

struct VulkanOptions {
  std::string device;  // part of a name; empty for the most suitable
  bool phone = false;  // with the limits that every Android device has, whatever this one offers
};

// Throws std::runtime_error with the reason where there is none.
std::shared_ptr<sched_vulkan> open_vulkan(const VulkanOptions& options);
std::string vulkan_name(const sched_vulkan* vulkan);

// What every Android device of the Baseline Profile 2021 offers.

#pragma once

#include <sched/sched_vulkan.h>

inline sched_vulkan_limits phone_limits() {
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_buffers = 4;
  limits.max_group_size = 128;
  limits.max_range = 128u << 20;
  limits.offset_alignment = 256;
  limits.is_non_coherent = 1;
  return limits;
}

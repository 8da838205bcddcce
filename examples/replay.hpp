// `sched replay`: runs recorded loops of other implementations through the library.

#pragma once

#include <sched/sched.h>

#include <string>
#include <vector>

#include "vulkan_context.hpp"

struct ReplayOptions {
  sched_kernel kernel = SCHED_KERNEL_DEFAULT;
  sched_dtype dtype = SCHED_DTYPE_UNDEFINED;  // undefined: f64 for the reference kernel, else f32
  double tolerance = 0;                       // of max(1, max|recorded|); 0: by dtype
  bool verbose = false;
  VulkanOptions vulkan;
  std::shared_ptr<sched_vulkan> context;  // opened by run_replay for the vulkan kernel
  std::vector<std::string> files;
};

// Prints one line for each file.  Returns 0 where every file passed, else 1.
int run_replay(ReplayOptions options);

// What sched_init() needs of Vulkan, in a build with it and in one without.

#pragma once

#include <memory>

#include "executor.hpp"

#include <sched/sched.h>

namespace sched::api {

// Options that go with SCHED_KERNEL_VULKAN only, and what it cannot do without.  Throws Error.
void check_vulkan_options(const sched_init_options& options);

// On the device where the options say so, else on the host.  Throws Error.
Owner<Executor> make_executor(std::shared_ptr<const Loop> loop, const sched_init_options& options);

}  // namespace sched::api

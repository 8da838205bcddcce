// A build without Vulkan: every entry of sched_vulkan.h is there and says so.  Their types need
// Vulkan's header, so they are only named here: in C a pointer is a pointer.

#include "vulkan_context.hpp"

namespace sched::api {

void check_vulkan_options(const sched_init_options& options) {
  if (options.kernel == SCHED_KERNEL_VULKAN || options.vulkan != nullptr) {
    fail(Status::unsupported, "this build has no Vulkan");
  }
  if (options.recorded_in_flight != 0 || options.recorded_groups != 0) {
    fail(Status::option, "recorded_in_flight and recorded_groups go with SCHED_KERNEL_VULKAN");
  }
}

std::unique_ptr<Executor> make_executor(std::shared_ptr<const Loop> loop,
                                        const sched_init_options&) {
  return make_host_executor(std::move(loop));
}

}  // namespace sched::api

extern "C" {

SCHED_API sched_status sched_vulkan_list(void*, int32_t, int32_t* count) {
  if (count != nullptr) *count = 0;
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_create(const void*, sched_vulkan** out) {
  if (out != nullptr) *out = nullptr;
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_import(const void*, sched_vulkan** out) {
  if (out != nullptr) *out = nullptr;
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API void sched_vulkan_free(sched_vulkan*) {}
SCHED_API sched_status sched_vulkan_get_info(const sched_vulkan*, void*) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_get_cache(sched_vulkan*, void*, uint64_t, uint64_t*) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_set_cache(sched_vulkan*, const void*, uint64_t) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_record_step(sched_vulkan*, sched_state*, void*, const void*) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_record_initial_noise(sched_vulkan*, sched_state*, void*,
                                                         const void*) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_record_scale_input(sched_vulkan*, sched_state*, void*,
                                                       const void*, const void*) {
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_record_add_noise(sched_vulkan*, sched_state*, void*, int64_t,
                                                     const void*, const void*, const void*) {
  return SCHED_ERROR_UNSUPPORTED;
}

}  // extern "C"

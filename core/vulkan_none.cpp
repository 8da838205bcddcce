// A build without Vulkan: every entry of sched_vulkan.h and sched_flat.h is there and says so.

#include "api_flat.hpp"
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

Owner<Executor> make_executor(std::shared_ptr<const Loop> loop, const sched_init_options&) {
  return make_host_executor(std::move(loop));
}

}  // namespace sched::api

using sched::fail;
using sched::Status;
using sched::api::made;

namespace {

constexpr const char* kNoVulkan = "this build has no Vulkan";

sched_vulkan* no_context(char* message, int64_t capacity, int32_t* status) {
  return made<sched_vulkan>(message, capacity, status, [](sched_vulkan**) -> sched_status {
    fail(Status::unsupported, kNoVulkan);
  });
}

}  // namespace

extern "C" {

sched_status sched_vulkan_list(sched_vulkan_device*, int32_t, int32_t* count) {
  if (count != nullptr) *count = 0;
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_vulkan_create(const sched_vulkan_create_options* options, sched_vulkan** out) {
  if (out != nullptr) *out = nullptr;
  if (options != nullptr && options->struct_size >= sizeof *options) {
    sched::api::write_message(options->message, options->message_capacity, kNoVulkan);
  }
  return SCHED_ERROR_UNSUPPORTED;
}
void sched_vulkan_free(sched_vulkan*) {}
sched_status sched_vulkan_get_cache(sched_vulkan*, void*, uint64_t, uint64_t*) {
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_vulkan_set_cache(sched_vulkan*, const void*, uint64_t) {
  return SCHED_ERROR_UNSUPPORTED;
}

// Their types need Vulkan's header, so they are only named here: in C a pointer is a pointer.
SCHED_API sched_status sched_vulkan_import(const void*, sched_vulkan** out) {
  if (out != nullptr) *out = nullptr;
  return SCHED_ERROR_UNSUPPORTED;
}
SCHED_API sched_status sched_vulkan_get_info(const sched_vulkan*, void*) {
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

sched_vulkan* sched_flat_vulkan_import(const sched_flat_import*, const sched_vulkan_limits*,
                                       char* message, int64_t message_capacity, int32_t* status) {
  return no_context(message, message_capacity, status);
}
sched_status sched_flat_vulkan_info(const sched_vulkan*, sched_flat_info*) {
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_flat_vulkan_record_step(sched_vulkan*, sched_state*, uint64_t, uint64_t,
                                           const uint64_t*, const uint64_t*, const uint64_t*,
                                           const int64_t*, const int32_t*, int32_t, const double*,
                                           int64_t, const double*, int64_t, double, int32_t) {
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_flat_vulkan_record_initial_noise(sched_vulkan*, sched_state*, uint64_t, uint64_t,
                                                    const uint64_t*, const uint64_t*,
                                                    const uint64_t*, const int64_t*, const int32_t*,
                                                    int32_t) {
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_flat_vulkan_record_scale_input(sched_vulkan*, sched_state*, uint64_t, uint64_t,
                                                  const uint64_t*, const uint64_t*, const uint64_t*,
                                                  const int64_t*, const int32_t*, int32_t) {
  return SCHED_ERROR_UNSUPPORTED;
}
sched_status sched_flat_vulkan_record_add_noise(sched_vulkan*, sched_state*, uint64_t, int64_t,
                                                uint64_t, const uint64_t*, const uint64_t*,
                                                const uint64_t*, const int64_t*, const int32_t*,
                                                int32_t) {
  return SCHED_ERROR_UNSUPPORTED;
}

}  // extern "C"

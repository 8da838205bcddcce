// The part of sched_flat.h that needs Vulkan's types: imported devices and recorded steps.

#define VK_NO_PROTOTYPES
#include <sched/sched_vulkan.h>

#include <array>
#include <type_traits>

#include "api_flat.hpp"

using namespace sched::api;
using sched::fail;
using sched::Status;

namespace {

// A handle or function that came as a number: a pointer, but for what Vulkan makes a number too.
template <typename Handle>
Handle handle_of(uint64_t number) {
  if constexpr (std::is_pointer_v<Handle>) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return reinterpret_cast<Handle>(static_cast<std::uintptr_t>(number));
  } else {
    return number;  // cppcheck-suppress CastIntegerToAddressAtReturn
  }
}

template <typename Handle>
uint64_t number_of(Handle handle) {
  return static_cast<uint64_t>(reinterpret_cast<std::uintptr_t>(handle));
}

// The arrays that stand for tensors.
struct FlatBuffers {
  uint64_t device;
  const uint64_t* buffers;
  const uint64_t* offsets;
  const uint64_t* sizes;
  const int64_t* counts;
  const int32_t* dtypes;
  int32_t tensors;
};

// Calls `body` with the tensors as structs; NULL where there is none.
template <std::size_t Count, typename Body>
sched_status with_tensors(sched_state* state, const FlatBuffers& flat, const Body& body) {
  std::array<sched_vulkan_tensor, Count> tensors;
  std::array<const sched_vulkan_tensor*, Count> given{};
  const sched_status status = guarded_state(state, [&](const sched::State&) {
    need(flat.buffers != nullptr && flat.offsets != nullptr && flat.sizes != nullptr &&
             flat.counts != nullptr && flat.dtypes != nullptr,
         "an array of the tensors is NULL");
    if (flat.tensors != static_cast<int32_t>(Count)) {
      fail(Status::argument, "tensors is ", flat.tensors, "; it must be ", Count);
    }
    for (std::size_t i = 0; i < Count; ++i) {
      tensors[i] = SCHED_VULKAN_TENSOR_INIT;
      if (flat.buffers[i] == 0) continue;
      tensors[i].dtype = flat.dtypes[i];
      tensors[i].device = handle_of<VkDevice>(flat.device);
      tensors[i].buffer = handle_of<VkBuffer>(flat.buffers[i]);
      tensors[i].offset = flat.offsets[i];
      tensors[i].buffer_size = flat.sizes[i];
      set_shape(state, flat.counts[i], tensors[i]);
      given[i] = &tensors[i];
    }
  });
  return status == SCHED_OK ? body(given) : status;
}

}  // namespace

extern "C" {

sched_vulkan* sched_flat_vulkan_import(const sched_flat_import* options,
                                       const sched_vulkan_limits* limits, char* message,
                                       int64_t message_capacity, int32_t* status) {
  return made<sched_vulkan>(message, message_capacity, status, [&](sched_vulkan** out) {
    need(options != nullptr, "options is NULL");
    const sched_flat_import defaults = SCHED_FLAT_IMPORT_INIT;
    const auto given = read_struct(options, sizeof defaults, defaults, "options");
    sched_vulkan_import_options import = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
    import.queue_family = given.queue_family;
    import.get_instance_proc_addr =
        handle_of<PFN_vkGetInstanceProcAddr>(given.get_instance_proc_addr);
    import.instance = handle_of<VkInstance>(given.instance);
    import.physical_device = handle_of<VkPhysicalDevice>(given.physical_device);
    import.device = handle_of<VkDevice>(given.device);
    import.queue = handle_of<VkQueue>(given.queue);
    import.lock = handle_of<void (*)(void*)>(given.lock);
    import.unlock = handle_of<void (*)(void*)>(given.unlock);
    import.user = handle_of<void*>(given.user);
    import.limits = limits;
    set_message(import, message, message_capacity);
    return sched_vulkan_import(&import, out);
  });
}

sched_status sched_flat_vulkan_info(const sched_vulkan* vulkan, sched_flat_info* info) {
  if (info == nullptr) return SCHED_ERROR_ARGUMENT;
  sched_vulkan_info from = {};
  from.struct_size = sizeof from;
  const sched_status status = sched_vulkan_get_info(vulkan, &from);
  if (status != SCHED_OK) return status;
  return guarded([&] {
    sched_flat_info to = SCHED_FLAT_INFO_INIT;
    to.queue_family = from.queue_family;
    to.instance = number_of(from.instance);
    to.physical_device = number_of(from.physical_device);
    to.device = number_of(from.device);
    to.queue = number_of(from.queue);
    to.max_buffers = from.max_buffers;
    to.group_size = from.group_size;
    to.max_range = from.max_range;
    to.offset_alignment = from.offset_alignment;
    to.is_lost = from.is_lost;
    static_assert(sizeof to.name == sizeof from.name);
    std::memcpy(to.name, from.name, sizeof to.name);
    give_checked(to, info, "info");
  });
}

sched_status sched_flat_vulkan_record_step(
    sched_vulkan* vulkan, sched_state* state, uint64_t command_buffer, uint64_t device,
    const uint64_t* buffers, const uint64_t* offsets, const uint64_t* sizes, const int64_t* counts,
    const int32_t* dtypes, int32_t tensors, const double* group_timesteps,
    int64_t group_timesteps_count, const double* group_targets, int64_t group_targets_count,
    double guidance_scale, int32_t without_noise) {
  const FlatBuffers flat{device, buffers, offsets, sizes, counts, dtypes, tensors};
  return with_tensors<SCHED_FLAT_SLOTS>(state, flat, [&](const auto& given) {
    sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
    set_tensors(args, [&](int slot) { return given[static_cast<std::size_t>(slot)]; });
    args.without_noise = without_noise;
    args.guidance_scale = guidance_scale;
    const sched_status status = set_groups(state, {group_timesteps, group_timesteps_count},
                                           {group_targets, group_targets_count}, args);
    if (status != SCHED_OK) return status;
    return sched_vulkan_record_step(vulkan, state, handle_of<VkCommandBuffer>(command_buffer),
                                    &args);
  });
}

sched_status sched_flat_vulkan_record_initial_noise(sched_vulkan* vulkan, sched_state* state,
                                                    uint64_t command_buffer, uint64_t device,
                                                    const uint64_t* buffers,
                                                    const uint64_t* offsets, const uint64_t* sizes,
                                                    const int64_t* counts, const int32_t* dtypes,
                                                    int32_t tensors) {
  const FlatBuffers flat{device, buffers, offsets, sizes, counts, dtypes, tensors};
  return with_tensors<1>(state, flat, [&](const auto& given) {
    return sched_vulkan_record_initial_noise(vulkan, state,
                                             handle_of<VkCommandBuffer>(command_buffer), given[0]);
  });
}

sched_status sched_flat_vulkan_record_scale_input(sched_vulkan* vulkan, sched_state* state,
                                                  uint64_t command_buffer, uint64_t device,
                                                  const uint64_t* buffers, const uint64_t* offsets,
                                                  const uint64_t* sizes, const int64_t* counts,
                                                  const int32_t* dtypes, int32_t tensors) {
  const FlatBuffers flat{device, buffers, offsets, sizes, counts, dtypes, tensors};
  return with_tensors<2>(state, flat, [&](const auto& given) {
    return sched_vulkan_record_scale_input(
        vulkan, state, handle_of<VkCommandBuffer>(command_buffer), given[0], given[1]);
  });
}

sched_status sched_flat_vulkan_record_add_noise(sched_vulkan* vulkan, sched_state* state,
                                                uint64_t command_buffer, int64_t step,
                                                uint64_t device, const uint64_t* buffers,
                                                const uint64_t* offsets, const uint64_t* sizes,
                                                const int64_t* counts, const int32_t* dtypes,
                                                int32_t tensors) {
  const FlatBuffers flat{device, buffers, offsets, sizes, counts, dtypes, tensors};
  return with_tensors<3>(state, flat, [&](const auto& given) {
    return sched_vulkan_record_add_noise(vulkan, state, handle_of<VkCommandBuffer>(command_buffer),
                                         step, given[0], given[1], given[2]);
  });
}

}  // extern "C"

// The extern "C" of sched_vulkan.h: contexts, and steps recorded into command buffers.

// No prototypes: the library calls no function of Vulkan that it did not load itself.
#define VK_NO_PROTOTYPES
#include <sched/sched_vulkan.h>

#include <cstring>
#include <string>

#include "api_step.hpp"
#include "vulkan/executor.hpp"
#include "vulkan_context.hpp"

struct sched_vulkan {
  std::shared_ptr<sched::vulkan::Device> inner;
};

namespace sched::api {

namespace {

using vulkan::Device;
using vulkan::VulkanExecutor;

// ----------------------------------------------------------------------- contexts

// One limit that may be lowered; 0 leaves it.
template <typename Number>
void lower(const char* name, Number asked, Number least, Number& limit) {
  if (asked == 0) return;
  if (asked < least || asked > limit) {
    fail(Status::value, "limits: ", name, " is ", asked, "; allowed are ", least, " to ", limit,
         " (0 leaves it)");
  }
  limit = asked;
}

void lower_limits(const sched_vulkan_limits& asked, vulkan::Limits& limits) {
  lower("max_buffers", asked.max_buffers, vulkan::kFewBuffers, limits.max_buffers);
  lower("max_group_size", asked.max_group_size, 32u, limits.group_size);
  lower("max_group_count", asked.max_group_count, 64u, limits.max_group_count);
  lower<std::uint64_t>("max_range", asked.max_range, 65536, limits.max_range);
  if (asked.offset_alignment != 0) {
    const std::uint64_t alignment = asked.offset_alignment;
    const bool power = (alignment & (alignment - 1)) == 0;
    if (!power || alignment < limits.offset_alignment || alignment > 4096) {
      fail(Status::value, "limits: offset_alignment is ", alignment,
           "; allowed are powers of two from ", limits.offset_alignment, " to 4096 (0 leaves it)");
    }
    limits.offset_alignment = alignment;
  }
  limits.is_non_coherent = checked_flag(asked.is_non_coherent, "limits: is_non_coherent");
}

std::function<void(vulkan::Limits&)> limiter(const sched_vulkan_limits* given) {
  if (given == nullptr) return nullptr;
  const sched_vulkan_limits defaults = SCHED_VULKAN_LIMITS_INIT;
  const auto asked = read_struct(given, sizeof defaults, defaults, "limits");
  return [asked](vulkan::Limits& limits) { lower_limits(asked, limits); };
}

vulkan::CreateOptions create_options(const sched_vulkan_create_options& given) {
  vulkan::CreateOptions options;
  options.index = given.device_index;
  if (given.device_index < -1) {
    fail(Status::value, "device_index is ", given.device_index, "; allowed are -1 and up");
  }
  if (given.device_name != nullptr) options.name = given.device_name;
  need(given.device_extension_count >= 0, "device_extension_count is negative");
  for (int32_t i = 0; i < given.device_extension_count; ++i) {
    need(given.device_extensions != nullptr && given.device_extensions[i] != nullptr,
         "device_extensions or one of them is NULL");
    options.extensions.emplace_back(given.device_extensions[i]);
  }
  options.limit = limiter(given.limits);
  return options;
}

vulkan::ImportOptions import_options(const sched_vulkan_import_options& given) {
  vulkan::ImportOptions options;
  options.get_instance_proc_addr = given.get_instance_proc_addr;
  options.instance = given.instance;
  options.physical_device = given.physical_device;
  options.device = given.device;
  options.queue = given.queue;
  options.queue_family = given.queue_family;
  options.lock = given.lock;
  options.unlock = given.unlock;
  options.user = given.user;
  options.allocator = given.allocator;
  options.limit = limiter(given.limits);
  return options;
}

// Vulkan's names are no longer than ours.
template <std::size_t size>
void copy_name(const char (&name)[size], char (&out)[size]) {
  std::memcpy(out, name, size);
  out[size - 1] = '\0';
}

sched_vulkan_device describe(const vulkan::ListedDevice& listed, int32_t index) {
  const VkPhysicalDeviceProperties& properties = listed.properties;
  sched_vulkan_device device{};
  device.index = index;
  device.is_suitable = listed.is_suitable ? 1 : 0;
  device.type = properties.deviceType;
  device.vendor_id = properties.vendorID;
  device.device_id = properties.deviceID;
  device.driver_version = properties.driverVersion;
  device.api_version = properties.apiVersion;
  copy_name(properties.deviceName, device.name);
  return device;
}

sched_vulkan_info describe(const Device& device) {
  const vulkan::Limits& limits = device.limits();
  sched_vulkan_info info{};
  info.queue_family = device.queue_family();
  info.instance = device.instance();
  info.physical_device = device.physical_device();
  info.device = device.handle();
  info.queue = device.queue();
  info.max_buffers = device.buffers();
  info.group_size = limits.group_size;
  info.max_range = limits.max_range;
  info.offset_alignment = limits.offset_alignment;
  info.is_lost = device.is_lost() ? 1 : 0;
  copy_name(device.properties().deviceName, info.name);
  return info;
}

// --------------------------------------------------------------------- recording

// Reads the application's tensors, and gives their buffers out as places.
struct ReadBuffer {
  const State& state;
  const Device& device;

  TensorView operator()(const sched_vulkan_tensor* tensor, const char* name, int channels,
                        Span& span) const {
    const DType type = check_tensor(state, tensor, name, channels, "SCHED_VULKAN_TENSOR_INIT");
    if (tensor->buffer == VK_NULL_HANDLE) fail(Status::argument, name, ".buffer is NULL");
    if (tensor->device != VK_NULL_HANDLE && tensor->device != device.handle()) {
      fail(Status::argument, name, ".buffer is of another device than the context's");
    }
    if (tensor->offset % 4 != 0) {
      fail(Status::argument, name, ".offset is ", tensor->offset, "; it must be a multiple of 4");
    }
    const auto values = static_cast<std::uint64_t>(tensor->batch * tensor->elements);
    // Halves are written in pairs, so that the last word must be there as a whole.
    const std::uint64_t needed = (values * size_of(type) + 3) / 4 * 4;
    if (tensor->offset > tensor->buffer_size || needed > tensor->buffer_size - tensor->offset) {
      fail(Status::argument, name, " needs ", needed, " bytes from offset ", tensor->offset,
           ", but its buffer has ", tensor->buffer_size);
    }
    const TensorView view{
        {nullptr, vulkan::number_of(tensor->buffer), static_cast<std::int64_t>(tensor->offset)},
        type};
    span = span_of(view, values, name);
    return view;
  }
};

// Runs `body(state, read)` with its passes going into the command buffer.
template <typename Body>
sched_status record(sched_vulkan* vulkan, sched_state* state, VkCommandBuffer commands,
                    const Body& body) {
  return guarded_state(state, [&](State& s) {
    need(vulkan != nullptr, "vulkan is NULL");
    need(commands != VK_NULL_HANDLE, "command_buffer is NULL");
    auto* executor = dynamic_cast<VulkanExecutor*>(&s.executor());
    if (executor == nullptr || executor->device() != vulkan->inner) {
      fail(Status::conflict, executor == nullptr ? "the state was made without SCHED_KERNEL_VULKAN"
                                                 : "the state was made with another context");
    }
    if (vulkan->inner->is_lost()) fail(Status::device_lost, "the Vulkan device was lost");
    const VulkanExecutor::Recording recording(*executor, commands);
    body(s, ReadBuffer{s, *vulkan->inner});
  });
}

// Makes a context by `make`, which reads the options; the sentence goes to their message.
template <typename Options, typename Make>
sched_status make_context(const Options* options, const Options& defaults, sched_vulkan** out,
                          const Make& make) {
  if (out == nullptr) return SCHED_ERROR_ARGUMENT;
  *out = nullptr;
  Options chosen = defaults;
  return guarded(
      [&] {
        if (options != nullptr) chosen = read_struct(options, sizeof defaults, defaults, "options");
        *out = new sched_vulkan{make(chosen)};
      },
      [&](const char* sentence) {
        write_message(chosen.message, chosen.message_capacity, sentence);
      });
}

}  // namespace

void check_vulkan_options(const sched_init_options& options) {
  const bool asked = options.kernel == SCHED_KERNEL_VULKAN;
  if (asked && options.vulkan == nullptr) {
    fail(Status::conflict,
         "kernel is SCHED_KERNEL_VULKAN, but vulkan is NULL: it needs a context from "
         "sched_vulkan_create() or sched_vulkan_import()");
  }
  if (!asked && options.vulkan != nullptr) {
    fail(Status::conflict, "vulkan is set, but kernel is not SCHED_KERNEL_VULKAN");
  }
  if (!asked && (options.recorded_in_flight != 0 || options.recorded_groups != 0)) {
    fail(Status::option, "recorded_in_flight and recorded_groups go with SCHED_KERNEL_VULKAN");
  }
}

Owner<Executor> make_executor(std::shared_ptr<const Loop> loop, const sched_init_options& options) {
  if (options.vulkan == nullptr) return make_host_executor(std::move(loop));
  const sched::Memory memory = loop->scheduler->memory;
  return make_owner<VulkanExecutor>(
      memory, options.vulkan->inner, std::move(loop),
      vulkan::RecordOptions{options.recorded_in_flight, options.recorded_groups});
}

}  // namespace sched::api

using namespace sched::api;
using sched::State;

extern "C" {

sched_status sched_vulkan_list(sched_vulkan_device* devices, int32_t capacity, int32_t* count) {
  if (count == nullptr) return SCHED_ERROR_ARGUMENT;
  *count = 0;
  return guarded([&] {
    const auto listed = sched::vulkan::list_devices();
    const auto size = static_cast<int32_t>(listed.size());
    if (devices != nullptr && capacity < size) {
      sched::fail(sched::Status::capacity, "capacity is too small");
    }
    for (int32_t i = 0; devices != nullptr && i < size; ++i) {
      give_checked(describe(listed[static_cast<std::size_t>(i)], i), devices + i, "devices");
    }
    *count = size;
  });
}

sched_status sched_vulkan_create(const sched_vulkan_create_options* options, sched_vulkan** out) {
  const sched_vulkan_create_options defaults = SCHED_VULKAN_CREATE_OPTIONS_INIT;
  return make_context(options, defaults, out, [](const sched_vulkan_create_options& chosen) {
    return sched::vulkan::Device::create(create_options(chosen));
  });
}

sched_status sched_vulkan_import(const sched_vulkan_import_options* options, sched_vulkan** out) {
  if (out != nullptr) *out = nullptr;
  if (options == nullptr) return SCHED_ERROR_ARGUMENT;
  const sched_vulkan_import_options defaults = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
  return make_context(options, defaults, out, [](const sched_vulkan_import_options& chosen) {
    return sched::vulkan::Device::import(import_options(chosen));
  });
}

void sched_vulkan_free(sched_vulkan* vulkan) { delete vulkan; }

sched_status sched_vulkan_get_info(const sched_vulkan* vulkan, sched_vulkan_info* info) {
  if (vulkan == nullptr || info == nullptr) return SCHED_ERROR_ARGUMENT;
  return guarded([&] { give_checked(describe(*vulkan->inner), info, "info"); });
}

sched_status sched_vulkan_get_cache(sched_vulkan* vulkan, void* bytes, uint64_t capacity,
                                    uint64_t* size) {
  if (vulkan == nullptr || (bytes == nullptr && size == nullptr)) return SCHED_ERROR_ARGUMENT;
  return guarded([&] {
    const auto cache = vulkan->inner->cache_bytes();
    if (bytes != nullptr && capacity < cache.size()) {
      sched::fail(sched::Status::capacity, "capacity is too small");
    }
    if (bytes != nullptr) std::memcpy(bytes, cache.data(), cache.size());
    if (size != nullptr) *size = cache.size();
  });
}

sched_status sched_vulkan_set_cache(sched_vulkan* vulkan, const void* bytes, uint64_t size) {
  if (vulkan == nullptr || bytes == nullptr) return SCHED_ERROR_ARGUMENT;
  return guarded([&] { vulkan->inner->set_cache(static_cast<const unsigned char*>(bytes), size); });
}

sched_status sched_vulkan_record_step(sched_vulkan* vulkan, sched_state* state,
                                      VkCommandBuffer command_buffer,
                                      const sched_vulkan_step_args* args) {
  return record(vulkan, state, command_buffer, [&](State& s, const ReadBuffer& read) {
    need(args != nullptr, "args is NULL");
    if (s.control() != nullptr) {
      sched::fail(sched::Status::unsupported, s.loop().scheduler->factors.solver->name,
                  " chooses its steps by norms of its tensors: sched_step() runs it, and no "
                  "command buffer can");
    }
    const sched_vulkan_step_args defaults = SCHED_VULKAN_STEP_ARGS_INIT;
    const auto chosen = read_struct(args, sizeof defaults, defaults, "args");
    s.step(checked_step(s, chosen, read).request);
  });
}

sched_status sched_vulkan_record_initial_noise(sched_vulkan* vulkan, sched_state* state,
                                               VkCommandBuffer command_buffer,
                                               const sched_vulkan_tensor* out) {
  return record(vulkan, state, command_buffer, [&](State& s, const ReadBuffer& read) {
    Span span;
    s.initial_noise(read(out, "out", 1, span));
  });
}

sched_status sched_vulkan_record_scale_input(sched_vulkan* vulkan, sched_state* state,
                                             VkCommandBuffer command_buffer,
                                             const sched_vulkan_tensor* sample,
                                             const sched_vulkan_tensor* out) {
  return record(vulkan, state, command_buffer,
                [&](State& s, const ReadBuffer& read) { scale_input(s, sample, out, read); });
}

sched_status sched_vulkan_record_add_noise(sched_vulkan* vulkan, sched_state* state,
                                           VkCommandBuffer command_buffer, int64_t step,
                                           const sched_vulkan_tensor* original,
                                           const sched_vulkan_tensor* noise,
                                           const sched_vulkan_tensor* out) {
  return record(vulkan, state, command_buffer, [&](State& s, const ReadBuffer& read) {
    add_noise(s, step, original, noise, out, read);
  });
}

}  // extern "C"

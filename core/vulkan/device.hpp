// A Vulkan device as the library sees it: functions, limits, pipelines, and the lock of its
// queue.  Its own, or the application's.  Shared by every state that runs on it.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "functions.hpp"

namespace sched::vulkan {

// What the shaders are made for: the device's limits, or lower ones that were asked for.
struct Limits {
  std::uint32_t max_buffers = 4;
  std::uint32_t group_size = 128;  // invocations, a power of two
  std::uint32_t max_group_count = 65535;
  std::uint64_t max_range = 128u << 20;
  std::uint64_t offset_alignment = 256;  // of storage buffers
  std::uint64_t uniform_alignment = 256;
  std::uint64_t max_uniform_range = 16384;
  std::uint64_t atom = 256;      // nonCoherentAtomSize
  bool is_non_coherent = false;  // treat every memory as such
};

// Storage buffer bindings that the shaders declare, in two variants.
constexpr std::uint32_t kFewBuffers = 4;
constexpr std::uint32_t kManyBuffers = 12;

enum class Shader { combine, quantile, measure };
struct Pipelines {
  VkPipeline combine = VK_NULL_HANDLE;
  VkPipeline quantile = VK_NULL_HANDLE;
  VkPipeline measure = VK_NULL_HANDLE;
};
// Of quantile and measure, whose shared memory is made for so many.
constexpr std::uint32_t kSharedGroup = 128;

// combine for float32 in whole vectors, without anything optional, by inputs and rows.
constexpr std::uint32_t kPlainInputs = 8;
constexpr std::uint32_t kPlainRows = 4;

class Instance;

// VkResult as an error: SCHED_ERROR_DEVICE_LOST, _DEVICE_MEMORY, _MEMORY or _VULKAN, with the
// name of the call and of the result in the sentence.
void check(VkResult result, const char* call);
std::string name_of(VkResult result);

struct CreateOptions {
  int index = -1;
  std::string name;
  std::vector<std::string> extensions;
  std::function<void(Limits&)> limit;  // lowers, or throws
};

struct ImportOptions {
  PFN_vkGetInstanceProcAddr get_instance_proc_addr = nullptr;
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  std::uint32_t queue_family = 0;
  void (*lock)(void*) = nullptr;
  void (*unlock)(void*) = nullptr;
  void* user = nullptr;
  const VkAllocationCallbacks* allocator = nullptr;
  std::function<void(Limits&)> limit;
};

struct ListedDevice {
  VkPhysicalDeviceProperties properties;
  bool is_suitable;
};

// The devices of the machine's loader.  Throws Error.
std::vector<ListedDevice> list_devices();

class Device {
 public:
  static std::shared_ptr<Device> create(const CreateOptions& options);
  static std::shared_ptr<Device> import(const ImportOptions& options);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceFunctions& functions() const { return functions_; }
  const Limits& limits() const { return limits_; }
  const VkPhysicalDeviceProperties& properties() const { return properties_; }
  const VkPhysicalDeviceMemoryProperties& memory() const { return memory_; }
  const VkAllocationCallbacks* allocator() const { return has_allocator_ ? &allocator_ : nullptr; }
  VkInstance instance() const { return instance_; }
  VkPhysicalDevice physical_device() const { return physical_device_; }
  VkDevice handle() const { return device_; }
  VkQueue queue() const { return queue_; }
  std::uint32_t queue_family() const { return queue_family_; }
  std::uint32_t buffers() const {
    return limits_.max_buffers >= kManyBuffers ? kManyBuffers : kFewBuffers;
  }
  bool is_lost() const { return lost_; }
  // Throws device_lost where it is.
  void need_alive() const;

  // One set of bindings 0 .. buffers() - 1 (storage) and 16 (uniform).
  VkDescriptorSetLayout set_layout() const { return set_layout_; }
  VkPipelineLayout pipeline_layout() const { return pipeline_layout_; }
  // Compiled once, by whoever asks first.  Throws Error.
  const Pipelines& pipelines();
  // Compiles combine for a shape of plan; afterwards find_plain() has it.  Throws Error.
  void prepare_plain(std::uint32_t inputs, std::uint32_t rows);
  // VK_NULL_HANDLE where it was not prepared.  Never waits.
  VkPipeline find_plain(std::uint32_t inputs, std::uint32_t rows) const;

  // Hands work to the queue under its lock.  Throws Error.
  void submit(const VkSubmitInfo& info, VkFence fence);
  // As check(), and remembers that the device was lost.
  void check_device(VkResult result, const char* call);
  // For a call after which nobody knows what the device did: it counts as lost.  Throws
  // device_lost.
  [[noreturn]] void give_up(VkResult result, const char* call);

  // Header (device, driver, version of the library, hash) and the driver's bytes.
  std::vector<unsigned char> cache_bytes();
  void set_cache(const unsigned char* bytes, std::uint64_t size);

 private:
  Device();
  void make_device(VkPhysicalDevice physical_device, std::uint32_t queue_family,
                   const std::vector<std::string>& extensions);
  // What both ways in share, once there is a device.
  void prepare(const std::function<void(Limits&)>& limit);
  void read_limits(const std::function<void(Limits&)>& limit);
  void make_layouts();
  VkPipelineCache make_cache(const unsigned char* bytes, std::size_t size);
  VkPipeline make_pipeline(Shader shader, std::uint32_t plain_inputs, std::uint32_t plain_rows);
  void destroy_pipelines();

  // Null where the application owns them.
  std::unique_ptr<Instance> own_instance_;
  PFN_vkDestroyDevice destroy_device_ = nullptr;

  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  std::uint32_t queue_family_ = 0;
  InstanceFunctions instance_functions_{};
  DeviceFunctions functions_{};
  VkPhysicalDeviceProperties properties_{};
  VkPhysicalDeviceMemoryProperties memory_{};
  VkAllocationCallbacks allocator_{};
  bool has_allocator_ = false;
  Limits limits_;
  void (*lock_)(void*) = nullptr;
  void (*unlock_)(void*) = nullptr;
  void* user_ = nullptr;
  std::mutex queue_mutex_;
  std::atomic<bool> lost_{false};

  std::mutex pipeline_mutex_;
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
  VkPipelineLayout pipeline_layout_ = VK_NULL_HANDLE;
  bool compiled_ = false;
  Pipelines pipelines_;
  std::atomic<VkPipeline> plain_[kPlainInputs][kPlainRows] = {};
};

}  // namespace sched::vulkan

// A Vulkan device as the benchmark uses it: the library's own context, buffers in the device's
// memory, and command buffers whose parts are timed.

#pragma once

// No prototypes: volk.h loads what is called.
#define VK_NO_PROTOTYPES
#include <sched/sched_vulkan.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// As std::runtime_error, with the name of the call and of the result.
void check_vulkan(VkResult result, const char* call);

class DeviceBuffer {
 public:
  DeviceBuffer(VkDevice device, const VkPhysicalDeviceMemoryProperties& memory, uint64_t bytes);
  ~DeviceBuffer();
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  VkBuffer handle() const { return buffer_; }
  uint64_t bytes() const { return bytes_; }

 private:
  VkDevice device_;
  uint64_t bytes_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
};

class BenchDevice {
 public:
  explicit BenchDevice(std::shared_ptr<sched_vulkan> context);
  ~BenchDevice();
  BenchDevice(const BenchDevice&) = delete;
  BenchDevice& operator=(const BenchDevice&) = delete;

  sched_vulkan* context() const { return context_.get(); }
  const sched_vulkan_info& info() const { return info_; }
  // "llvmpipe (LLVM 15.0.6, 256 bits)" and "llvmpipe, Mesa 22.3.6"
  std::string name() const { return info_.name; }
  std::string driver() const;
  bool has_timestamps() const { return queries_ != VK_NULL_HANDLE; }
  // Of the largest heap of the device's own.
  uint64_t memory_bytes() const;
  std::unique_ptr<DeviceBuffer> make_buffer(uint64_t bytes) const;

  using Record = std::function<void(VkCommandBuffer)>;
  // Runs parts one after another, each finished before the next begins; gives the seconds that
  // each took: on the device, or where it has no timestamps of submitting and waiting.
  std::vector<double> time(const std::vector<Record>& parts);
  // Records and never runs.
  void record_only(const Record& part);

 private:
  VkCommandBuffer begin();
  void submit_and_wait(VkCommandBuffer commands);
  std::vector<double> time_on_device(const std::vector<Record>& parts);

  std::shared_ptr<sched_vulkan> context_;
  sched_vulkan_info info_{};
  VkPhysicalDeviceProperties properties_{};
  VkPhysicalDeviceMemoryProperties memory_{};
  uint64_t timestamp_mask_ = 0;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
  VkQueryPool queries_ = VK_NULL_HANDLE;
};

// Everything before, for everything after.
void record_full_barrier(VkCommandBuffer commands);

// A buffer with memory of its own.

#pragma once

#include "device.hpp"

namespace sched::vulkan {

enum class MemoryUse {
  device,  // shaders only
  upload,  // written by the host, read by shaders
  shared   // written and read by both, in bulk
};

class Buffer {
 public:
  // Throws Error.  Memory that the host can see stays mapped.
  Buffer(std::shared_ptr<Device> device, std::uint64_t bytes, MemoryUse use);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  VkBuffer handle() const { return buffer_; }
  std::uint64_t bytes() const { return bytes_; }
  unsigned char* mapped() const { return mapped_; }
  // What the host wrote, for the device to see; what the device wrote, for the host.  Nothing
  // where memory is coherent.
  void flush(std::uint64_t offset, std::uint64_t size) const;
  void invalidate(std::uint64_t offset, std::uint64_t size) const;

 private:
  std::uint32_t choose_memory(std::uint32_t allowed, MemoryUse use) const;
  VkMappedMemoryRange whole_atoms(std::uint64_t offset, std::uint64_t size) const;
  void release();

  std::shared_ptr<Device> device_;
  std::uint64_t bytes_ = 0;
  std::uint64_t allocated_ = 0;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  unsigned char* mapped_ = nullptr;
  bool is_coherent_ = true;
};

// A VkBuffer as Place keeps it, on machines of either width.
std::uint64_t number_of(VkBuffer buffer);
VkBuffer buffer_of(std::uint64_t number);

}  // namespace sched::vulkan

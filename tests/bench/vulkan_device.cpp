#include "vulkan_device.hpp"

#define VOLK_IMPLEMENTATION
#include <volk.h>

#include <chrono>
#include <stdexcept>

namespace {

constexpr uint32_t kMostTimestamps = 8;

uint64_t mask_of_bits(uint32_t bits) {
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

}  // namespace

void check_vulkan(VkResult result, const char* call) {
  if (result == VK_SUCCESS) return;
  throw std::runtime_error(std::string(call) + " failed with VkResult " + std::to_string(result));
}

void record_full_barrier(VkCommandBuffer commands) {
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                       VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

// -------------------------------------------------------------------------- buffers

DeviceBuffer::DeviceBuffer(VkDevice device, const VkPhysicalDeviceMemoryProperties& memory,
                           uint64_t bytes)
    : device_(device), bytes_(bytes) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  check_vulkan(vkCreateBuffer(device, &info, nullptr, &buffer_), "vkCreateBuffer");
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(device, buffer_, &needs);
  VkMemoryAllocateInfo wanted{};
  wanted.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  wanted.allocationSize = needs.size;
  for (uint32_t i = memory.memoryTypeCount; i-- > 0;) {
    const bool is_local =
        (memory.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
    if (is_local && (needs.memoryTypeBits >> i & 1) != 0) wanted.memoryTypeIndex = i;
  }
  const VkResult result = vkAllocateMemory(device, &wanted, nullptr, &memory_);
  if (result == VK_SUCCESS && vkBindBufferMemory(device, buffer_, memory_, 0) == VK_SUCCESS) return;
  vkFreeMemory(device, memory_, nullptr);
  vkDestroyBuffer(device, buffer_, nullptr);
  check_vulkan(result == VK_SUCCESS ? VK_ERROR_UNKNOWN : result, "vkAllocateMemory");
}

DeviceBuffer::~DeviceBuffer() {
  vkDestroyBuffer(device_, buffer_, nullptr);
  vkFreeMemory(device_, memory_, nullptr);
}

// --------------------------------------------------------------------------- device

BenchDevice::BenchDevice(std::shared_ptr<sched_vulkan> context) : context_(std::move(context)) {
  info_.struct_size = sizeof info_;
  if (sched_vulkan_get_info(context_.get(), &info_) != SCHED_OK) {
    throw std::runtime_error("sched_vulkan_get_info failed");
  }
  check_vulkan(volkInitialize(), "volkInitialize");
  volkLoadInstanceOnly(info_.instance);
  volkLoadDevice(info_.device);
  vkGetPhysicalDeviceProperties(info_.physical_device, &properties_);
  vkGetPhysicalDeviceMemoryProperties(info_.physical_device, &memory_);

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = info_.queue_family;
  check_vulkan(vkCreateCommandPool(info_.device, &pool, nullptr, &pool_), "vkCreateCommandPool");
  VkCommandBufferAllocateInfo wanted{};
  wanted.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  wanted.commandPool = pool_;
  wanted.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  wanted.commandBufferCount = 1;
  check_vulkan(vkAllocateCommandBuffers(info_.device, &wanted, &commands_),
               "vkAllocateCommandBuffers");
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  check_vulkan(vkCreateFence(info_.device, &fence, nullptr, &fence_), "vkCreateFence");

  uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(info_.physical_device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(info_.physical_device, &count, families.data());
  const uint32_t bits = families.at(info_.queue_family).timestampValidBits;
  if (bits == 0) return;
  timestamp_mask_ = mask_of_bits(bits);
  VkQueryPoolCreateInfo queries{};
  queries.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  queries.queryType = VK_QUERY_TYPE_TIMESTAMP;
  queries.queryCount = kMostTimestamps;
  check_vulkan(vkCreateQueryPool(info_.device, &queries, nullptr, &queries_), "vkCreateQueryPool");
}

BenchDevice::~BenchDevice() {
  vkDestroyQueryPool(info_.device, queries_, nullptr);
  vkDestroyFence(info_.device, fence_, nullptr);
  vkDestroyCommandPool(info_.device, pool_, nullptr);
}

std::string BenchDevice::driver() const {
  const uint32_t version = properties_.driverVersion;
  if (properties_.apiVersion < VK_API_VERSION_1_2 || vkGetPhysicalDeviceProperties2 == nullptr) {
    return "driver version " + std::to_string(version);
  }
  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &driver;
  vkGetPhysicalDeviceProperties2(info_.physical_device, &properties);
  return std::string(driver.driverName) + ", " + driver.driverInfo;
}

uint64_t BenchDevice::memory_bytes() const {
  uint64_t most = 0;
  for (uint32_t i = 0; i < memory_.memoryHeapCount; ++i) {
    const VkMemoryHeap& heap = memory_.memoryHeaps[i];
    if ((heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0 && heap.size > most) most = heap.size;
  }
  return most;
}

std::unique_ptr<DeviceBuffer> BenchDevice::make_buffer(uint64_t bytes) const {
  return std::make_unique<DeviceBuffer>(info_.device, memory_, bytes);
}

// --------------------------------------------------------------------------- timing

VkCommandBuffer BenchDevice::begin() {
  check_vulkan(vkResetCommandPool(info_.device, pool_, 0), "vkResetCommandPool");
  VkCommandBufferBeginInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  check_vulkan(vkBeginCommandBuffer(commands_, &info), "vkBeginCommandBuffer");
  return commands_;
}

void BenchDevice::submit_and_wait(VkCommandBuffer commands) {
  VkSubmitInfo submit{};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.commandBufferCount = 1;
  submit.pCommandBuffers = &commands;
  check_vulkan(vkQueueSubmit(info_.queue, 1, &submit, fence_), "vkQueueSubmit");
  check_vulkan(vkWaitForFences(info_.device, 1, &fence_, VK_TRUE, UINT64_MAX), "vkWaitForFences");
  check_vulkan(vkResetFences(info_.device, 1, &fence_), "vkResetFences");
}

void BenchDevice::record_only(const Record& part) {
  VkCommandBuffer commands = begin();
  part(commands);
  check_vulkan(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  check_vulkan(vkResetCommandPool(info_.device, pool_, 0), "vkResetCommandPool");
}

std::vector<double> BenchDevice::time_on_device(const std::vector<Record>& parts) {
  const auto count = static_cast<uint32_t>(parts.size()) + 1;
  VkCommandBuffer commands = begin();
  vkCmdResetQueryPool(commands, queries_, 0, count);
  for (uint32_t i = 0; i < count; ++i) {
    record_full_barrier(commands);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries_, i);
    record_full_barrier(commands);
    if (i < parts.size()) parts[i](commands);
  }
  check_vulkan(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  submit_and_wait(commands);
  uint64_t ticks[kMostTimestamps] = {};
  check_vulkan(
      vkGetQueryPoolResults(info_.device, queries_, 0, count, sizeof ticks, ticks, sizeof ticks[0],
                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
      "vkGetQueryPoolResults");
  std::vector<double> seconds;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const uint64_t elapsed = (ticks[i + 1] - ticks[i]) & timestamp_mask_;
    seconds.push_back(1e-9 * properties_.limits.timestampPeriod * static_cast<double>(elapsed));
  }
  return seconds;
}

std::vector<double> BenchDevice::time(const std::vector<Record>& parts) {
  if (has_timestamps()) return time_on_device(parts);
  std::vector<double> seconds;
  for (const Record& part : parts) {
    VkCommandBuffer commands = begin();
    part(commands);
    check_vulkan(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    const auto start = std::chrono::steady_clock::now();
    submit_and_wait(commands);
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return seconds;
}

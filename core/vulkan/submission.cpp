#include "submission.hpp"

namespace sched::vulkan {

Submission::Submission(std::shared_ptr<Device> device) : device_(std::move(device)) {
  const DeviceFunctions& vk = device_->functions();
  try {
    VkCommandPoolCreateInfo pool{};
    pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    pool.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
    pool.queueFamilyIndex = device_->queue_family();
    check(vk.vkCreateCommandPool(device_->handle(), &pool, device_->allocator(), &pool_),
          "vkCreateCommandPool");
    VkCommandBufferAllocateInfo buffer{};
    buffer.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    buffer.commandPool = pool_;
    buffer.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    buffer.commandBufferCount = 1;
    check(vk.vkAllocateCommandBuffers(device_->handle(), &buffer, &commands_),
          "vkAllocateCommandBuffers");
    VkFenceCreateInfo fence{};
    fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
    check(vk.vkCreateFence(device_->handle(), &fence, device_->allocator(), &fence_),
          "vkCreateFence");
  } catch (...) {
    release();
    throw;
  }
}

Submission::~Submission() { release(); }

void Submission::release() {
  const DeviceFunctions& vk = device_->functions();
  vk.vkDestroyFence(device_->handle(), fence_, device_->allocator());
  vk.vkDestroyCommandPool(device_->handle(), pool_, device_->allocator());
}

VkCommandBuffer Submission::begin() {
  const DeviceFunctions& vk = device_->functions();
  device_->check_device(vk.vkResetCommandPool(device_->handle(), pool_, 0), "vkResetCommandPool");
  VkCommandBufferBeginInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  device_->check_device(vk.vkBeginCommandBuffer(commands_, &info), "vkBeginCommandBuffer");
  return commands_;
}

void Submission::submit_and_wait() {
  const DeviceFunctions& vk = device_->functions();
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  vk.vkCmdPipelineBarrier(commands_,
                          VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                          VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
  device_->check_device(vk.vkEndCommandBuffer(commands_), "vkEndCommandBuffer");
  device_->check_device(vk.vkResetFences(device_->handle(), 1, &fence_), "vkResetFences");
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands_;
  device_->submit(info, fence_);
  // What was submitted may have run or not, and may still run: whatever the reason, nothing is
  // known of the device any more.
  const VkResult result = vk.vkWaitForFences(device_->handle(), 1, &fence_, VK_TRUE, UINT64_MAX);
  if (result != VK_SUCCESS) device_->give_up(result, "vkWaitForFences");
}

}  // namespace sched::vulkan

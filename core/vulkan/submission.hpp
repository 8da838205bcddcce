// A command buffer of the library's own: begun, submitted, and waited for.

#pragma once

#include "device.hpp"

namespace sched::vulkan {

class Submission {
 public:
  explicit Submission(std::shared_ptr<Device> device);
  ~Submission();
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  // Throws Error.  After a failure begin() may be called again.
  VkCommandBuffer begin();
  // Makes what was written visible to the host.
  void submit_and_wait();

 private:
  void release();

  std::shared_ptr<Device> device_;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
};

}  // namespace sched::vulkan

// Puts dispatches into a command buffer: uniforms and descriptor sets come from slots that
// were made beforehand, so that recording allocates nothing.

#pragma once

#include "buffer.hpp"
#include "dispatch.hpp"

namespace sched::vulkan {

class Recorder {
 public:
  // `slots` dispatches may be pending at once.
  Recorder(std::shared_ptr<Device> device, std::int64_t slots, std::int64_t slot_bytes);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Puts a dispatch's weights into its slot.  Throws Error; what follows cannot fail.
  void write(const Dispatch& dispatch, std::int64_t slot);
  // One dispatch, with the quantile's before it where it needs one.  Windows that it does not
  // use are bound to `unused`.
  void record(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
              const Window& unused);
  // The sums of a measured step.
  void record_measure(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
                      const Window& unused);
  // What compute shaders and transfers wrote before, for both to read and write after.
  void record_barrier(VkCommandBuffer commands) const;

  std::int64_t bytes() const { return static_cast<std::int64_t>(uniforms_.bytes()); }

 private:
  void bind(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
            const Window& unused);
  void run(VkCommandBuffer commands, VkPipeline pipeline, std::uint64_t groups) const;

  std::shared_ptr<Device> device_;
  const Pipelines& pipelines_;
  std::int64_t slot_bytes_;
  Buffer uniforms_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  std::vector<VkDescriptorSet> sets_;
};

}  // namespace sched::vulkan

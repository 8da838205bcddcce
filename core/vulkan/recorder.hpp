// Puts dispatches into a command buffer: uniforms and descriptor sets come from slots that
// were made beforehand, so that recording allocates nothing.

#pragma once

#include "buffer.hpp"
#include "dispatch.hpp"

namespace sched::vulkan {

// A dispatch whose plan lies in a slot.
struct Command {
  VkPipeline pipeline = VK_NULL_HANDLE;
  std::uint64_t groups = 0;
  std::uint64_t quantile_groups = 0;  // 0: no quantile
  std::int64_t slot = 0;
};

class Recorder {
 public:
  // `slots` dispatches may be pending at once.
  Recorder(std::shared_ptr<Device> device, std::int64_t slots, std::int64_t slot_bytes);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Puts a dispatch's plan and windows into a slot.  Windows that it does not use are bound to
  // `unused`.  Throws Error; nothing is recorded.
  Command prepare(const Dispatch& dispatch, std::int64_t slot, const Window& unused);
  Command prepare_measure(const Dispatch& dispatch, std::int64_t slot, const Window& unused);
  // A barrier and the dispatch, the quantile's before it where it needs one.
  void record(VkCommandBuffer commands, const Command& command) const;
  // What compute shaders and transfers wrote before, for both to read and write after.
  void record_barrier(VkCommandBuffer commands) const;

  std::int64_t bytes() const { return static_cast<std::int64_t>(uniforms_.bytes()); }

 private:
  void fill_slot(const Dispatch& dispatch, std::int64_t slot, const Window& unused);
  void dispatch(VkCommandBuffer commands, VkPipeline pipeline, std::uint64_t groups) const;

  std::shared_ptr<Device> device_;
  const Pipelines& pipelines_;
  std::int64_t slot_bytes_;
  Buffer uniforms_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  std::vector<VkDescriptorSet> sets_;
};

}  // namespace sched::vulkan

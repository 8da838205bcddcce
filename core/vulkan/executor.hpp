// A state's rows on a Vulkan device.  Passes are recorded into the application's command
// buffer, or into one of the library's own, which is submitted and waited for.

#pragma once

#include "recorder.hpp"
#include "staging.hpp"
#include "submission.hpp"

namespace sched::vulkan {

struct RecordOptions {
  int in_flight = 0;  // recordings that may be pending; 0: one for each call
  int groups = 0;     // of a recorded step, in the whole batch; 0: 64
};

class VulkanExecutor final : public Executor {
 public:
  // Throws Error.
  VulkanExecutor(std::shared_ptr<Device> device, std::shared_ptr<const Loop> loop,
                 const RecordOptions& options);

  const std::shared_ptr<Device>& device() const { return device_; }

  // While one lives, passes go into the command buffer and their places are buffers.
  class Recording {
   public:
    Recording(VulkanExecutor& executor, VkCommandBuffer commands) : executor_(executor) {
      executor_.commands_ = commands;
    }
    ~Recording() { executor_.commands_ = VK_NULL_HANDLE; }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

   private:
    VulkanExecutor& executor_;
  };

  void run(const Pass& pass) override;
  void run_parts(const Pass& whole, std::int64_t groups, const PartSource& parts) override;
  Measured measure(const Pass& given, const MeasureRule& rule) override;
  Place row(int slot) const override { return {nullptr, arena_places_.buffer, slot}; }
  std::int64_t bytes() const override;
  void save_rows(unsigned char* bytes) const override;
  void load_rows(const unsigned char* bytes) override;
  Owner<Executor> clone() const override;
  bool can_continue() const override { return !device_->is_lost() && !is_broken_; }
  bool reads_host() const override { return !is_recording(); }

 private:
  struct Range {
    Chunk chunk;
    std::int64_t begin, end;
  };

  bool is_recording() const { return commands_ != VK_NULL_HANDLE; }
  void prepare_pipelines() const;
  std::int64_t slot_bytes() const;
  std::int64_t sets_in_slot(std::int64_t floats) const;
  std::int64_t slots_per_recording() const;
  std::int64_t own_slots() const;
  // Throws device_lost where the state cannot go on.
  void need_usable() const;
  bool moves_rows(const Pass& pass) const;
  Submission& submission() const;

  void execute(Job& job);
  void record(const Job& job);
  void submit(Job job);
  // Calls `visit` with each dispatch's range, in order; returns how many there are.
  template <typename Visit>
  std::int64_t each_range(const Job& job, const Visit& visit) const;
  void record_start(VkCommandBuffer commands) const;
  void record_seeds(VkCommandBuffer commands, std::int64_t index) const;
  Window unused_window() const;
  template <typename Copy>
  void each_row_part(const Copy& copy) const;

  std::shared_ptr<Device> device_;
  std::shared_ptr<const Loop> loop_;
  RecordOptions options_;
  Layout layout_;
  Buffer arena_;
  BlockedBuffer arena_places_;
  Staging staging_;
  DispatchBuilder builder_;
  int in_flight_;
  Recorder recorder_;
  std::vector<Command> prepared_;              // of one recording
  VkCommandBuffer commands_ = VK_NULL_HANDLE;  // the application's
  std::int64_t recordings_ = 0;
  // Nothing of the state is on the device yet: the next command buffer puts it there.
  bool is_started_ = false;
  bool is_broken_ = false;                          // a step was taken whose result nobody got
  std::unique_ptr<Buffer> loaded_;                  // rows that it starts with, as in the arena
  mutable std::unique_ptr<Submission> submission_;  // where there is a queue
};

}  // namespace sched::vulkan

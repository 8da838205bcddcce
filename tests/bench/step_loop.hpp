// A loop that is kept in its middle, where all of a method's history is there.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "blocks.hpp"
#include "traffic.hpp"

struct LoopSpec {
  std::string config;
  int32_t steps = 500;
  int64_t elements = 0;
  sched_dtype dtype = SCHED_F32;
  sched_kernel kernel = SCHED_KERNEL_FUSED;
  int32_t threads = 0;
  sched_dtype history = SCHED_DTYPE_UNDEFINED;
};

using SchedulerHandle = std::unique_ptr<sched_scheduler, void (*)(sched_scheduler*)>;
using StateHandle = std::unique_ptr<sched_state, void (*)(sched_state*)>;

// Both throw std::runtime_error with the library's sentence.
SchedulerHandle create_scheduler(const std::string& config);
StateHandle init_state(const sched_scheduler* scheduler, const LoopSpec& spec);

int64_t bytes_of(sched_dtype dtype);
sched_tensor tensor_at(void* data, const LoopSpec& spec);  // [1, elements]

class StepLoop {
 public:
  // Throws std::runtime_error where the loop has too few calls to have a middle.
  explicit StepLoop(const LoopSpec& spec);

  sched_state* state() const { return state_.get(); }
  const LoopSpec& spec() const { return spec_; }
  // Calls from the first that is measured to the last.
  int most() const { return middle_.last - middle_.first; }
  const std::vector<Traffic>& traffic() const { return middle_.cycle; }

  // The arrays of every step from now on, which must live as long as the loop.  Methods with CFG++
  // read the last besides, others never.
  void bind(void* sample, void* prediction, void* next, void* unconditional = nullptr);
  // Binds, runs the calls before the middle, and remembers where that is.
  void begin(void* sample, void* prediction, void* next, void* unconditional = nullptr);
  // Goes back to the middle's first call where fewer than `count` calls are left.
  void prepare(int count);
  void step();
  // Whatever `args` has besides; sample, prediction and next are the loop's.
  void step_wide(sched_step_args args);

 private:
  void check(sched_status status) const;

  LoopSpec spec_;
  StateHandle state_;
  Stretch middle_;
  int next_call_ = 0;
  std::vector<bool> needs_model_;  // by call
  bool is_cfg_pp_ = false;
  sched_tensor sample_, prediction_, next_, unconditional_;
  std::vector<char> saved_;
};

// In float32, by the fused kernel.
std::shared_ptr<StepLoop> plain_loop(const std::string& config, int64_t elements);

// Steps of a loop that has begun.
Contestant step_contestant(const std::string& name, const std::shared_ptr<StepLoop>& loop);

// Work cut into parts that other threads may run: each part runs once, and all have run when
// the step goes on, whatever the threads do.

#pragma once

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sched {

// As in sched.h: runs each of `count` parts, on whatever threads, and returns.
using RunPart = void (*)(void* task, std::int64_t index);
using ParallelFor = void (*)(void* context, std::int64_t count, RunPart run, void* task);

constexpr std::int64_t kMaxParts = 256;

// One for each state, and as long as it lives: a run that comes late finds every part taken.
// A state runs on one thread at a time, so that there is one piece of work at a time.
class Parts {
 public:
  Parts() {
    for (auto& taken : taken_) taken.store(true, std::memory_order_relaxed);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // Calls function(work, i) for each i below `count`, at most kMaxParts: through `parallel_for`,
  // and on this thread those that it leaves out.
  void run(ParallelFor parallel_for, void* context, std::int64_t count, RunPart function,
           void* work) noexcept;

 private:
  static void run_part(void* parts, std::int64_t index);
  void run_part(std::int64_t index);

  RunPart run_ = nullptr;
  void* work_ = nullptr;
  std::fenv_t environment_;  // the calling thread's: rounding is everywhere as it is there
  std::atomic<bool> taken_[kMaxParts];
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::int64_t left_ = 0;
};

}  // namespace sched

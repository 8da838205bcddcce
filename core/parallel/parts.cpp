#include "parts.hpp"

namespace sched {

void Parts::run(ParallelFor parallel_for, void* context, std::int64_t count, RunPart function,
                void* work) noexcept {
  run_ = function;
  work_ = work;
  left_ = count;
  std::fegetenv(&environment_);
  for (std::int64_t i = 0; i < count; ++i) taken_[i].store(false, std::memory_order_release);
  try {
    parallel_for(context, count, &Parts::run_part, this);
  } catch (...) {
    // It may not throw.  Where it does, it left parts out, as one does that returns early.
  }
  for (std::int64_t i = 0; i < count; ++i) run_part(i);
  std::unique_lock<std::mutex> lock(mutex_);
  all_done_.wait(lock, [&] { return left_ == 0; });
}

void Parts::run_part(void* parts, std::int64_t index) {
  static_cast<Parts*>(parts)->run_part(index);
}

void Parts::run_part(std::int64_t index) {
  if (index < 0 || index >= kMaxParts) return;
  if (taken_[index].exchange(true, std::memory_order_acquire)) return;
  std::fenv_t own;
  std::fegetenv(&own);
  std::fesetenv(&environment_);
  run_(work_, index);
  std::fesetenv(&own);
  // Told under the lock: once the waiting thread has it, nobody touches this any more, and the
  // state may be freed.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--left_ == 0) all_done_.notify_one();
}

}  // namespace sched

#include "step_threads.hpp"

#include <algorithm>

namespace sched {

namespace {

// Measured on two cores of a Zen 4 guest, fused kernel, float32, after 20 ms in which the pool
// slept.  To wake a thread takes 15 us.  Where the calling thread was busy meanwhile, work of
// 100 us on one thread breaks even on two, and work of 400 us takes 260; where it slept, that
// guest wakes the thread on the same core, and 25 to 90 us are lost.  From 2^20 elements, 600 us
// on one thread, that is about a tenth; 2^17 normals take 150 to 230 us.
constexpr ThreadLimits kPoolLimits = {std::int64_t{1} << 19, std::int64_t{1} << 16};
// The same with two threads that are awake: 2^17 elements 20 us and 11, 2^14 normals 18 and 10.
constexpr ThreadLimits kCallerLimits = {std::int64_t{1} << 16, std::int64_t{1} << 13};

// A thread of the pool that wakes late finds that others have run some of its parts.
constexpr std::int64_t kPartsOfThread = 4;

// What of a pool one step may use.
struct Helpers {
  ThreadPool* pool;
  int count;
};

void run_on_pool(void* helpers, std::int64_t count, RunPart function, void* task) {
  const auto [pool, most] = *static_cast<const Helpers*>(helpers);
  pool->run(most, count, function, task);
}

}  // namespace

LoopThreads::LoopThreads(const ThreadRequest& request, PoolHolder& holder) {
  if (request.threads <= 1) return;
  most = request.threads;
  parallel_for = request.parallel_for;
  context = request.context;
  limits = parallel_for != nullptr ? kCallerLimits : kPoolLimits;
  if (parallel_for == nullptr) pool = holder.pool(most);
}

int StepThreads::useful(std::int64_t elements, bool is_noisy) const {
  const std::int64_t least = is_noisy ? threads_.limits.noisy : threads_.limits.plain;
  return static_cast<int>(std::clamp<std::int64_t>(elements / least, 1, threads_.most));
}

std::int64_t StepThreads::parts_for(int threads) const {
  if (threads_.parallel_for != nullptr) return threads;
  return std::min(threads * kPartsOfThread, kMaxParts);
}

void StepThreads::run(int threads, std::int64_t count, RunPart function, void* work) {
  if (threads_.parallel_for != nullptr) {
    parts_->run(threads_.parallel_for, threads_.context, count, function, work);
  } else {
    Helpers helpers{threads_.pool.get(), threads - 1};
    parts_->run(run_on_pool, &helpers, count, function, work);
  }
}

}  // namespace sched

// How a state's steps use threads: whose they are, and from which size on they are worth it.

#pragma once

#include "../memory.hpp"
#include "thread_pool.hpp"

namespace sched {

constexpr int kMaxThreads = 256;
static_assert(kMaxThreads <= kMaxParts);

// What the caller asked for in init.
struct ThreadRequest {
  int threads = 0;  // 0 and 1: the calling thread alone
  ParallelFor parallel_for = nullptr;
  void* context = nullptr;
};

// Elements that each thread of a step must have at least, or fewer are used.
struct ThreadLimits {
  std::int64_t plain;
  std::int64_t noisy;  // where normals are made
};

// Of a loop; its clones share them.
struct LoopThreads {
  int most = 1;
  ParallelFor parallel_for = nullptr;  // NULL: the pool's
  void* context = nullptr;
  ThreadLimits limits = {};
  std::shared_ptr<ThreadPool> pool;

  LoopThreads() = default;
  LoopThreads(const ThreadRequest& request, PoolHolder& holder);
};

// Of a state.  Makes nothing where the loop uses no threads.
class StepThreads {
 public:
  StepThreads(const Memory& memory, const LoopThreads& threads) : threads_(threads) {
    if (threads.most > 1) parts_ = make_owner<Parts>(memory);
  }

  std::int64_t bytes() const { return parts_ ? static_cast<std::int64_t>(sizeof(Parts)) : 0; }
  bool are_there() const { return parts_ != nullptr; }
  // How many threads a pass over `elements` is worth, where there are any; 1 for the
  // calling thread alone.
  int useful(std::int64_t elements, bool is_noisy) const;
  // Into how many parts work for that many threads is to be cut.
  std::int64_t parts_for(int threads) const;
  // Calls function(work, i) for each part; `threads` is more than 1.
  void run(int threads, std::int64_t count, RunPart function, void* work);

 private:
  const LoopThreads& threads_;
  Owner<Parts> parts_;
};

}  // namespace sched

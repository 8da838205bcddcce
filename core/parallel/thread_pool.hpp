// Threads of the library's own, asleep unless a step has work for them.

#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "parts.hpp"

namespace sched {

// Shared by the states of a scheduler.  Its threads end with the last that holds it.  In a
// forked child it has no threads: there it runs nothing, and nothing of it may be touched but
// its process.
class ThreadPool {
 public:
  static std::shared_ptr<ThreadPool> make();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // So that there are `threads` with the calling one; fewer where the system gives no more.
  // One call at a time.
  void grow(int threads);

  // Runs the parts on this thread and up to `helpers` of the pool's.  Returns at once, with
  // none run, in a forked child and while the pool is busy.
  void run(int helpers, std::int64_t count, RunPart function, void* task);

 private:
  struct Delete {
    void operator()(ThreadPool* pool) const;
  };

  ThreadPool();
  ~ThreadPool();
  bool begin(int helpers, std::int64_t count, RunPart function, void* task);
  void end();
  void take_parts();
  void work();

  const long process_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable left_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  bool busy_ = false;
  int wanted_ = 0;              // threads that may still join in
  std::atomic<int> inside_{0};  // threads that did; changed under the lock

  RunPart run_ = nullptr;
  void* task_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<std::int64_t> next_{0};
};

// A scheduler's pool, made by the first init that asks for threads.
class PoolHolder {
 public:
  PoolHolder();
  // For that many threads with the calling one.  In a forked child a new pool for each call.
  std::shared_ptr<ThreadPool> pool(int threads);

 private:
  const long process_;
  std::mutex mutex_;
  std::shared_ptr<ThreadPool> pool_;
};

}  // namespace sched

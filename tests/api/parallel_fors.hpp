// Threads that a caller might bring, good and bad ones.  Each has the form of sched_parallel_for;
// the context counts how often it was called.

#ifndef SCHED_TESTS_API_PARALLEL_FORS_HPP_
#define SCHED_TESTS_API_PARALLEL_FORS_HPP_

#include <sched/sched.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sched_test {

struct Caller {
  sched_parallel_for parallel_for = nullptr;
  const char* name = "";
  std::atomic<int> calls{0};
  std::atomic<std::int64_t> most_parts{0};
  std::vector<std::thread> left;  // threads that outlive the call

  void enter(std::int64_t count) {
    ++calls;
    if (count > most_parts) most_parts = count;
  }
  void join() {
    for (std::thread& thread : left) thread.join();
    left.clear();
  }
  ~Caller() { join(); }
};

namespace callers {

inline void in_order(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  for (std::int64_t i = 0; i < count; ++i) run(task, i);
}
inline void reversed(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  for (std::int64_t i = count; i-- > 0;) run(task, i);
}
inline void threads(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  std::vector<std::thread> all;
  for (std::int64_t i = 0; i < count; ++i) all.emplace_back(run, task, i);
  for (std::thread& thread : all) thread.join();
}
// Two threads run every part.
inline void twice(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  std::thread other([=] {
    for (std::int64_t i = 0; i < count; ++i) run(task, i);
  });
  for (std::int64_t i = 0; i < count; ++i) run(task, i);
  other.join();
}
inline void none(void* context, std::int64_t count, sched_parallel_run, void*) {
  static_cast<Caller*>(context)->enter(count);
}
inline void half(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  for (std::int64_t i = 1; i < count; i += 2) run(task, i);
}
// Returns while its threads run parts.
inline void early(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  auto* caller = static_cast<Caller*>(context);
  caller->enter(count);
  caller->join();
  std::atomic<std::int64_t> begun{0};
  for (std::int64_t i = 0; i < count; ++i) {
    caller->left.emplace_back([=, &begun] {
      ++begun;
      run(task, i);
    });
  }
  while (begun < count) std::this_thread::yield();
}
// Asks for parts that do not exist, and throws.
inline void throwing(void* context, std::int64_t count, sched_parallel_run run, void* task) {
  static_cast<Caller*>(context)->enter(count);
  run(task, -1);
  run(task, count);
  run(task, std::int64_t{1} << 40);
  run(task, 0);
  throw 1;
}

}  // namespace callers

}  // namespace sched_test

#endif  // SCHED_TESTS_API_PARALLEL_FORS_HPP_

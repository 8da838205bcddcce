// Counts what a whole program allocates, libraries and all: see count_allocations.cpp.

#ifndef SCHED_TESTS_API_COUNT_ALLOCATIONS_HPP_
#define SCHED_TESTS_API_COUNT_ALLOCATIONS_HPP_

#include <cstdint>

namespace sched_test {

// AddressSanitizer brings its own malloc and must be the only one to replace it.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCountsAllocations = false;
#else
constexpr bool kCountsAllocations = true;
#endif

void start_counting();

struct Allocated {
  long calls = 0;
  // Of what was allocated since, and not released again: as asked for, without what the
  // allocator adds; whole pages where they come from the system.
  std::int64_t live_bytes = 0;
};
Allocated stop_counting();

template <class Call>
Allocated allocated_by(Call call) {
  start_counting();
  call();
  return stop_counting();
}

template <class Call>
long allocations_of(Call call) {
  return allocated_by(call).calls;
}

}  // namespace sched_test

#endif  // SCHED_TESTS_API_COUNT_ALLOCATIONS_HPP_

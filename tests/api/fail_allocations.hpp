// Allocations that fail when they are told to: operator new of the whole program, and a caller's
// allocator that keeps books.

#ifndef SCHED_TESTS_API_FAIL_ALLOCATIONS_HPP_
#define SCHED_TESTS_API_FAIL_ALLOCATIONS_HPP_

#include <sched/sched.h>

#include <cstdint>
#include <map>

namespace sched_test {

// What was allocated by operator new and by Ledgers.
struct Watched {
  long calls = 0;  // of both
  long held = 0;   // blocks of operator new that were not released again
  bool has_failed = false;
};
// The `nth` (from 1) fails, and all that follow with `for_ever`; with 0 none.
void start_watching(long nth, bool for_ever);
Watched stop_watching();

template <typename Call>
Watched watch(long nth, const Call& call, bool for_ever = false) {
  start_watching(nth, for_ever);
  call();
  return stop_watching();
}

// A caller's allocator.  Fails a test where a block comes back that it did not give, or with
// another size or alignment.
class Ledger {
 public:
  Ledger();
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const sched_allocator* allocator() const { return &allocator_; }
  std::size_t blocks() const { return blocks_.size(); }
  std::int64_t bytes() const;

 private:
  struct Block {
    std::uint64_t size, alignment;
    bool operator==(const Block& other) const {
      return size == other.size && alignment == other.alignment;
    }
  };
  static void* allocate(void* context, std::uint64_t size, std::uint64_t alignment);
  static void release(void* context, void* block, std::uint64_t size, std::uint64_t alignment);

  sched_allocator allocator_ = SCHED_ALLOCATOR_INIT;
  std::map<void*, Block> blocks_;
};

}  // namespace sched_test

#endif  // SCHED_TESTS_API_FAIL_ALLOCATIONS_HPP_

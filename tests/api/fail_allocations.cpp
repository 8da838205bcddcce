#include "fail_allocations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace sched_test {

namespace {

std::atomic<bool> is_watching{false};
std::atomic<long> calls{0};
std::atomic<long> held{0};
std::atomic<long> failing{0};
std::atomic<bool> fails_for_ever{false};

// Is this the one that fails?
bool fails() {
  if (!is_watching) return false;
  const long call = ++calls;
  return call == failing || (fails_for_ever && failing > 0 && call > failing);
}

void* get(std::size_t size, std::size_t alignment) {
  if (fails()) return nullptr;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, size == 0 ? 1 : size) != 0) return nullptr;
  if (is_watching) ++held;
  return block;
}

void* get_or_throw(std::size_t size, std::size_t alignment) {
  void* const block = get(size, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void put_back(void* block) noexcept {
  if (block != nullptr && is_watching) --held;
  std::free(block);
}

constexpr std::size_t kAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

// While it lives, operator new is the test's own and not watched.
class Unwatched {
 public:
  Unwatched() : was_watching_(is_watching.exchange(false)) {}
  ~Unwatched() { is_watching = was_watching_; }

 private:
  bool was_watching_;
};

}  // namespace

void start_watching(long nth, bool for_ever) {
  calls = 0;
  held = 0;
  failing = nth;
  fails_for_ever = for_ever;
  is_watching = true;
}

Watched stop_watching() {
  is_watching = false;
  return {calls, held, failing > 0 && calls >= failing};
}

Ledger::Ledger() {
  allocator_.allocate = allocate;
  allocator_.release = release;
  allocator_.context = this;
}

Ledger::~Ledger() {
  EXPECT_TRUE(blocks_.empty());
  for (const auto& [block, size] : blocks_) std::free(block);
}

std::int64_t Ledger::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [block, of] : blocks_) sum += of.size;
  return static_cast<std::int64_t>(sum);
}

void* Ledger::allocate(void* context, std::uint64_t size, std::uint64_t alignment) {
  if (fails()) return nullptr;
  const Unwatched unwatched;
  EXPECT_GE(size, 1u);
  EXPECT_LE(alignment, 64u);
  void* block = nullptr;
  if (posix_memalign(&block, std::max(alignment, std::uint64_t{8}), size) != 0) return nullptr;
  static_cast<Ledger*>(context)->blocks_[block] = {size, alignment};
  return block;
}

void Ledger::release(void* context, void* block, std::uint64_t size, std::uint64_t alignment) {
  const Unwatched unwatched;
  auto& blocks = static_cast<Ledger*>(context)->blocks_;
  const auto found = blocks.find(block);
  ASSERT_NE(found, blocks.end()) << "a block that is not the allocator's";
  EXPECT_EQ(found->second, (Block{size, alignment}));
  blocks.erase(found);
  std::free(block);
}

}  // namespace sched_test

using sched_test::get;
using sched_test::get_or_throw;
using sched_test::kAlignment;
using sched_test::put_back;

void* operator new(std::size_t size) { return get_or_throw(size, kAlignment); }
void* operator new[](std::size_t size) { return get_or_throw(size, kAlignment); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return get_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return get_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return get(size, kAlignment);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return get(size, kAlignment);
}
void operator delete(void* block) noexcept { put_back(block); }
void operator delete[](void* block) noexcept { put_back(block); }
void operator delete(void* block, std::size_t) noexcept { put_back(block); }
void operator delete[](void* block, std::size_t) noexcept { put_back(block); }
void operator delete(void* block, std::align_val_t) noexcept { put_back(block); }
void operator delete[](void* block, std::align_val_t) noexcept { put_back(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { put_back(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { put_back(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { put_back(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { put_back(block); }

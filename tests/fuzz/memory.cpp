#include "memory.hpp"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kMostAtOnce = std::size_t{64} << 20;
constexpr std::size_t kMost = std::size_t{256} << 20;

std::atomic<std::size_t> live{0};
std::atomic<long> until_fault{-1};
std::atomic<bool> is_armed{false};

bool is_refused(std::size_t size) {
  if (is_armed.load() && until_fault.fetch_sub(1) == 0) return true;
  return size > kMostAtOnce || live.load() + size > kMost;
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (is_refused(size)) return nullptr;
  void* memory = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    memory = std::malloc(size == 0 ? 1 : size);
  } else if (posix_memalign(&memory, alignment, size == 0 ? 1 : size) != 0) {
    memory = nullptr;
  }
  if (memory != nullptr) live += malloc_usable_size(memory);
  return memory;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* const memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release(void* memory) noexcept {
  if (memory != nullptr) live -= malloc_usable_size(memory);
  std::free(memory);
}

constexpr std::size_t kUsual = alignof(std::max_align_t);

}  // namespace

namespace fuzz {

AllocationFault::AllocationFault(long count) {
  until_fault = count;
  is_armed = true;
}
AllocationFault::~AllocationFault() { is_armed = false; }
bool AllocationFault::has_failed() const { return until_fault.load() < 0; }

}  // namespace fuzz

// Every form, since a sanitizer's own would not go with the others.
using Align = std::align_val_t;
using NoThrow = std::nothrow_t;
void* operator new(std::size_t size) { return allocate_or_throw(size, kUsual); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, kUsual); }
void* operator new(std::size_t size, const NoThrow&) noexcept { return allocate(size, kUsual); }
void* operator new[](std::size_t size, const NoThrow&) noexcept { return allocate(size, kUsual); }
void* operator new(std::size_t size, Align a) {
  return allocate_or_throw(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, Align a) {
  return allocate_or_throw(size, static_cast<std::size_t>(a));
}
void* operator new(std::size_t size, Align a, const NoThrow&) noexcept {
  return allocate(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, Align a, const NoThrow&) noexcept {
  return allocate(size, static_cast<std::size_t>(a));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, Align) noexcept { release(memory); }
void operator delete[](void* memory, Align) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, Align) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, Align) noexcept { release(memory); }
void operator delete(void* memory, const NoThrow&) noexcept { release(memory); }
void operator delete[](void* memory, const NoThrow&) noexcept { release(memory); }
void operator delete(void* memory, Align, const NoThrow&) noexcept { release(memory); }
void operator delete[](void* memory, Align, const NoThrow&) noexcept { release(memory); }

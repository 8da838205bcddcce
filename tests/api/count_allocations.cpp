// Defines malloc and its relatives, and mmap, before libc's in the order of symbol lookup, so that
// the calls of the library (and of what it links) come here to be counted.  operator new is
// counted too: it calls malloc.

#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include "count_allocations.hpp"

#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)

namespace sched_test {
void start_counting() {}
Allocated stop_counting() { return {}; }
}  // namespace sched_test

#else

namespace {

// No dynamic initialisation: malloc is called before any constructor runs.
std::atomic<bool> counting{false};
std::atomic<long> calls{0};
std::atomic<std::int64_t> live{0};

// What was allocated since counting began, by any thread.
struct Block {
  void* memory;
  std::size_t size;
};
constexpr std::size_t kMostBlocks = 4096;
Block blocks[kMostBlocks];
std::size_t block_count = 0;
std::atomic_flag blocks_in_use = ATOMIC_FLAG_INIT;

// Held for the list of blocks; no mutex, since one may allocate.
class BlocksLock {
 public:
  BlocksLock() {
    while (blocks_in_use.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~BlocksLock() { blocks_in_use.clear(std::memory_order_release); }
  BlocksLock(const BlocksLock&) = delete;
  BlocksLock& operator=(const BlocksLock&) = delete;
};

void* count(void* memory, std::size_t size) {
  if (!counting.load(std::memory_order_relaxed) || memory == nullptr) return memory;
  calls.fetch_add(1);
  const BlocksLock lock;
  if (block_count == kMostBlocks) std::abort();
  blocks[block_count++] = {memory, size};
  live.fetch_add(static_cast<std::int64_t>(size));
  return memory;
}

void forget(const void* memory) {
  if (!counting.load(std::memory_order_relaxed)) return;
  const BlocksLock lock;
  for (std::size_t i = 0; i < block_count; ++i) {
    if (blocks[i].memory != memory) continue;
    live.fetch_sub(static_cast<std::int64_t>(blocks[i].size));
    blocks[i] = blocks[--block_count];
    return;
  }
}

template <class Function>
Function next_symbol(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// dlsym itself may call calloc before calloc is known; these bytes serve it then.
alignas(16) char early[4096];
std::size_t early_used = 0;
bool is_early(const void* p) { return p >= early && p < early + sizeof(early); }

}  // namespace

namespace sched_test {

void start_counting() {
  calls = 0;
  live = 0;
  block_count = 0;
  counting = true;
}

Allocated stop_counting() {
  counting = false;
  return {calls, live};
}

}  // namespace sched_test

extern "C" {

void* malloc(std::size_t size) {
  static const auto real = next_symbol<void* (*)(std::size_t)>("malloc");
  return count(real(size), size);
}

void* calloc(std::size_t n, std::size_t size) {
  static void* (*real)(std::size_t, std::size_t) = nullptr;
  static bool asking = false;
  if (real == nullptr) {
    if (asking) {
      const std::size_t bytes = (n * size + 15) / 16 * 16;
      if (early_used + bytes > sizeof(early)) return nullptr;
      early_used += bytes;
      return early + early_used - bytes;
    }
    asking = true;
    real = next_symbol<void* (*)(std::size_t, std::size_t)>("calloc");
    asking = false;
  }
  return count(real(n, size), n * size);
}

void* realloc(void* old, std::size_t size) {
  static const auto real = next_symbol<void* (*)(void*, std::size_t)>("realloc");
  forget(old);
  return count(real(old, size), size);
}

void free(void* p) {
  static const auto real = next_symbol<void (*)(void*)>("free");
  forget(p);
  if (!is_early(p)) real(p);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  static const auto real = next_symbol<int (*)(void**, std::size_t, std::size_t)>("posix_memalign");
  const int status = real(out, alignment, size);
  if (status == 0) count(*out, size);
  return status;
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  static const auto real = next_symbol<void* (*)(std::size_t, std::size_t)>("aligned_alloc");
  return count(real(alignment, size), size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  static const auto real = next_symbol<void* (*)(std::size_t, std::size_t)>("memalign");
  return count(real(alignment, size), size);
}

void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  static const auto real = next_symbol<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  void* const memory = real(at, size, protection, flags, file, offset);
  if (counting.load(std::memory_order_relaxed) && memory != MAP_FAILED) {
    calls.fetch_add(1);
    live.fetch_add(static_cast<std::int64_t>(size));
  }
  return memory;
}

// Parts of what was mapped are given back, too.
int munmap(void* memory, std::size_t size) {
  static const auto real = next_symbol<int (*)(void*, std::size_t)>("munmap");
  if (counting.load(std::memory_order_relaxed)) live.fetch_sub(static_cast<std::int64_t>(size));
  return real(memory, size);
}

}  // extern "C"

#endif

#include "host_memory.hpp"

#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace sched {

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLarge = 2 * kHugePage;  // from here on huge pages are asked for

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

#if defined(__linux__)
constexpr bool kMapsLarge = true;

std::size_t mapped_size(std::size_t bytes) {
  return round_up(bytes, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
}

// Fresh pages are zero already: they are asked for here, so that no step has to wait for them, but
// not written.  Where the kernel knows neither huge pages nor populating, its usual pages do.
unsigned char* map(std::size_t bytes) {
  void* const start =
      mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  auto* const first = static_cast<unsigned char*>(start);
  const std::size_t before = round_up(reinterpret_cast<std::uintptr_t>(first), kHugePage) -
                             reinterpret_cast<std::uintptr_t>(first);
  if (before > 0) munmap(first, before);
  if (before < kHugePage) munmap(first + before + bytes, kHugePage - before);
  unsigned char* const memory = first + before;
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
#if defined(MADV_POPULATE_WRITE)
  madvise(memory, bytes, MADV_POPULATE_WRITE);
#endif
  return memory;
}

void unmap(unsigned char* memory, std::size_t bytes) { munmap(memory, bytes); }
#else
constexpr bool kMapsLarge = false;

std::size_t mapped_size(std::size_t bytes) { return bytes; }
unsigned char* map(std::size_t) { throw std::bad_alloc(); }
void unmap(unsigned char*, std::size_t) {}
#endif

bool is_mapped(const Memory& from, std::size_t bytes) {
  return kMapsLarge && bytes >= kLarge && !from.is_caller_s();
}

}  // namespace

HostMemory::HostMemory(const Memory& from, std::int64_t bytes) {
  if (bytes == 0) return;
  const std::size_t size = round_up(static_cast<std::size_t>(bytes), kCacheLine);
  if (is_mapped(from, size)) {
    const std::size_t pages = mapped_size(size);
    memory_ = {map(pages), Free{from, pages}};
    return;
  }
  memory_ = {static_cast<unsigned char*>(from.get(size, kCacheLine)), Free{from, size}};
  std::memset(memory_.get(), 0, size);
}

void HostMemory::Free::operator()(unsigned char* memory) const {
  if (is_mapped(from, bytes)) {
    unmap(memory, bytes);
  } else {
    from.put_back(memory, bytes, kCacheLine);
  }
}

}  // namespace sched

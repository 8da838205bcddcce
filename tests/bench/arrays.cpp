#include "arrays.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;
constexpr std::size_t kApart = 17 * 64;  // an odd number of cache lines
// Large blocks of malloc, as rows of the library's may be, begin with the first lines of a page.
// A load directly behind a store to the same place of another page waits for it.
constexpr std::size_t kFirst = 8 * 64, kPlace = 5 * 64;
constexpr std::uint32_t kOrdinary = 0x3f003f00;  // 0.5 in bfloat16 and float32, 1.75 in float16

}  // namespace

void Arrays::Release::operator()(void* memory) const { std::free(memory); }

Arrays::Arrays(int count, std::size_t bytes, int place) {
  const std::size_t first = kFirst + static_cast<std::size_t>(place) * kPlace;
  for (int i = 0; i < count; ++i) {
    const std::size_t offset = first + static_cast<std::size_t>(i) * kApart;
    const std::size_t unit = bytes >= kHugePage ? kHugePage : 4096;
    const std::size_t whole = (offset + bytes + 64 + unit - 1) / unit * unit;
    std::unique_ptr<void, Release> memory(std::aligned_alloc(unit, whole));
    if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
    if (unit == kHugePage) madvise(memory.get(), whole, MADV_HUGEPAGE);
#endif
    char* const begin = static_cast<char*>(memory.get()) + offset;
    auto* const words = reinterpret_cast<std::uint32_t*>(begin);
    for (std::size_t k = 0; k < (bytes + 3) / 4; ++k) words[k] = kOrdinary;
    arrays_.push_back({std::move(memory), begin});
  }
}

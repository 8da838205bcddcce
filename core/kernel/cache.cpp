#include "cache.hpp"

#include <algorithm>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace sched {

namespace {

// Virtual machines name the caches of the whole host; one guest has no more of it than this.
constexpr std::int64_t kMostBytes = std::int64_t{32} << 20;

// Where nobody says.
constexpr std::int64_t kUsualBytes = std::int64_t{8} << 20;

std::int64_t read_cache_bytes() {
#if defined(_SC_LEVEL3_CACHE_SIZE)
  const long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (bytes > 0) return std::min<std::int64_t>(bytes, kMostBytes);
#endif
  return kUsualBytes;
}

}  // namespace

std::int64_t cache_bytes() {
  static const std::int64_t bytes = read_cache_bytes();
  return bytes;
}

}  // namespace sched

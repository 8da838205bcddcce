// The size of the last level of cache, in bytes: what a pass may touch before it goes by memory.

#pragma once

#include <cstdint>

namespace sched {

std::int64_t cache_bytes();

}  // namespace sched

// What the loops of the references' generators read and change.  Plain data without any inline
// function, as in kernel/task.hpp.

#pragma once

#include <stdint.h>

namespace sched {

// MT19937 of Matsumoto and Nishimura (1998).
struct MersenneTwister {
  uint32_t word[624];
  int32_t next;  // of them; 624 where all are used
};

// One torch.randn on a card.
struct CudaDraw {
  uint64_t seed;
  uint64_t offset;
  int64_t threads;
};

struct ThreefryKey {
  uint32_t word[2];
};

enum class ThreefryLayout : int {
  halves,   // JAX's first, and Nx's: a call makes an element of the first half and one of the other
  counters  // jax_threefry_partitionable, JAX's default from 0.5 on: a call for each element
};

// One normal(key, shape).
struct ThreefryDraw {
  ThreefryKey key;
  ThreefryLayout layout;
  int64_t count;
};

}  // namespace sched

// The memory limit: loops that read and write as many arrays as a step, and do next to nothing
// else.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <vector>

#include "arrays.hpp"
#include "blocks.hpp"
#include "traffic.hpp"

// A stream moves the same number of elements as others beside it.  Its chunks are kStreamChunk
// bytes; what has elements of 32 bits beside others of 16 is two streams, of every other chunk.
constexpr int64_t kStreamChunk = 256;

struct Stream {
  char* data;
  int64_t stride;  // bytes from chunk to chunk
};

struct StreamPass {
  std::vector<Stream> reads;
  std::vector<Stream> kept;     // written, and read by the same pass
  std::vector<Stream> written;  // written only: where non-temporal stores may win
  int64_t chunks;
};

// `elements` must fill whole chunks of the type.  Rows (kFirstRowArray and up) are float32.
StreamPass stream_pass(const Traffic& traffic, const Arrays& arrays, int64_t elements,
                       sched_dtype dtype);

// One with regular stores and, where the machine has such, one with non-temporal ones.  Passes
// go through the cycle again and again.
std::vector<Contestant> stream_contestants(const std::vector<Traffic>& cycle, const Arrays& arrays,
                                           int64_t elements, sched_dtype dtype);

// Of the contestants above.
const char* stream_name(std::size_t index);

// "x86-64-v4": what the stream loops, and the kernels of the library, were chosen for.
const char* instruction_set();

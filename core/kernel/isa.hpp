// The fused kernel as compiled for each instruction set.

#pragma once

#include "../random/reference_draws.hpp"
#include "task.hpp"

namespace sched {

#define SCHED_DECLARE_ISA(name)                                                            \
  namespace name {                                                                         \
  void run(const KernelTask& task);                                                        \
  void fill(float* out, int64_t first, int64_t count, const NoiseKey& key);                \
  /* Without `out` they are drawn and not written. */                                      \
  void draw_words(uint32_t* out, int64_t count, MersenneTwister& twister);                 \
  /* Blocks of 16. */                                                                      \
  void fill_torch_cpu(float* out, int64_t blocks, MersenneTwister& twister);               \
  void fill_torch_cuda(float* out, int64_t first, int64_t wanted, const CudaDraw& draw);   \
  void fill_threefry(float* out, int64_t first, int64_t wanted, const ThreefryDraw& draw); \
  void round_floats(float* values, int64_t count, DType type);                             \
  /* Of absolute values; `room` is for quantile_room(count, ratio) floats. */              \
  float quantile(const float* values, int64_t count, double ratio, void* room);            \
  }

SCHED_DECLARE_ISA(baseline)
SCHED_DECLARE_ISA(x86_64_v3)
SCHED_DECLARE_ISA(x86_64_v4)

#undef SCHED_DECLARE_ISA

}  // namespace sched

#include "plain_loops.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
void combine(float a, const float* __restrict x, float b, const float* __restrict y,
             float* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = a * x[i] + b * y[i];
}

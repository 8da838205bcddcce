// Chooses the fused kernel's instruction set, once for each process.

#include "../random/reference_normals.hpp"
#include "isa.hpp"
#include "kernel.hpp"

#if defined(SCHED_X86_64_LEVELS)
#include <cpuid.h>
#endif

namespace sched {

namespace {

struct Isa {
  void (*run)(const KernelTask&);
  void (*fill)(float*, int64_t, int64_t, const NoiseKey&);
  void (*draw_words)(uint32_t*, int64_t, MersenneTwister&);
  void (*fill_torch_cpu)(float*, int64_t, MersenneTwister&);
  void (*fill_torch_cuda)(float*, int64_t, int64_t, const CudaDraw&);
  void (*fill_threefry)(float*, int64_t, int64_t, const ThreefryDraw&);
  void (*round_floats)(float*, int64_t, DType);
};

#define SCHED_ISA_OF(name)                                                                \
  {                                                                                       \
    name::run, name::fill, name::draw_words, name::fill_torch_cpu, name::fill_torch_cuda, \
        name::fill_threefry, name::round_floats                                           \
  }

#if defined(SCHED_X86_64_LEVELS)
// __builtin_cpu_supports() of Clang 14 does not know the name.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

Isa choose() {
#if defined(SCHED_X86_64_LEVELS)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && has_f16c();
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) return SCHED_ISA_OF(x86_64_v4);
  if (v3) return SCHED_ISA_OF(x86_64_v3);
#endif
  return SCHED_ISA_OF(baseline);
}

const Isa& isa() {
  static const Isa chosen = choose();
  return chosen;
}

void run(const KernelTask& task) { isa().run(task); }

}  // namespace

extern const Kernel kFusedKernel;
const Kernel kFusedKernel = {
    2, "fused", DType::f32, takes_floats, takes_floats, run, float_scratch_bytes};

void fill_normals(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  isa().fill(out, first, count, key);
}

void draw_words(uint32_t* out, int64_t count, MersenneTwister& twister) {
  isa().draw_words(out, count, twister);
}

void fill_torch_cpu(float* out, int64_t blocks, MersenneTwister& twister) {
  isa().fill_torch_cpu(out, blocks, twister);
}

void fill_torch_cuda(float* out, int64_t first, int64_t wanted, int64_t count, uint64_t seed,
                     uint64_t offset, const CudaGrid& grid) {
  isa().fill_torch_cuda(out, first, wanted, {seed, offset, torch_cuda_threads(count, grid)});
}

void round_floats(float* values, int64_t count, DType type) {
  isa().round_floats(values, count, type);
}

void fill_threefry(float* out, int64_t first, int64_t wanted, int64_t count, const ThreefryKey& key,
                   ThreefryLayout layout) {
  isa().fill_threefry(out, first, wanted, {key, layout, count});
}

}  // namespace sched

// Chooses the fused kernel's instruction set, once for each process.

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
};

#if defined(SCHED_X86_64_LEVELS)
// __builtin_cpu_supports() of clang 14 does not know its name.
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
  if (v4) return {x86_64_v4::run, x86_64_v4::fill};
  if (v3) return {x86_64_v3::run, x86_64_v3::fill};
#endif
  return {baseline::run, baseline::fill};
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

}  // namespace sched

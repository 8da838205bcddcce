// The whole backend interface.  A kernel runs tasks and knows no sampler.

#pragma once

#include <cstddef>
#include <cstdint>

#include "task.hpp"

namespace sched {

struct Kernel {
  int id;  // sched_kernel
  const char* name;
  DType arithmetic;  // the type of memory rows, too, where the caller asks for no other
  bool (*takes)(DType);
  bool (*keeps)(DType);  // as memory rows
  void (*run)(const KernelTask&);
  std::int64_t (*scratch_bytes)(std::int64_t elements, double ratio);  // for a quantile
};

// nullptr where this build has no such kernel; 0 asks for the default.
const Kernel* find_kernel(int id);

// fused.cpp, for other kernels: standard normals `first` .. `first + count` of a draw.
void fill_normals(float* out, int64_t first, int64_t count, const NoiseKey& key);

// fused.cpp: to the nearest values of a type of 16 bits.
void round_floats(float* values, int64_t count, DType type);

// The value below which `ratio` of the `count` values lie, interpolated linearly as
// torch.quantile does.  Values are not negative; NaN sorts last.  Reorders them.
double quantile_of(double* values, int64_t count, double ratio);

// What the kernels take that compute in float32.
inline bool takes_floats(DType type) {
  return type == DType::f32 || type == DType::f16 || type == DType::bf16;
}

inline bool takes_all(DType) { return true; }
std::int64_t float_scratch_bytes(std::int64_t elements, double ratio);

constexpr std::size_t size_of(DType type) {
  return type == DType::f64 ? 8 : type == DType::f32 ? 4 : 2;
}

}  // namespace sched

// The blas kernel: rows = weights times inputs as a skinny sgemm, tile by tile.
//
// Tiles keep both matrices in cache, and keep each product below the size at which
// OpenBLAS would start threads, so that its process-wide settings are never touched.
// OpenBLAS orders and fuses the sums as it likes: bits differ from the fused kernel's.

#include <cblas.h>

#include <cstring>

#include "intrinsics.hpp"
#include "kernel.hpp"

namespace sched {

namespace {

#include "float_math.inl"

inline void normals(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  fill_normals(out, first, count, key);
}

#include "half.inl"

#include "stage.inl"

// Which rows use an input, as bits.
unsigned users_of(const KernelTask& task, int input) {
  unsigned users = 0;
  for (int r = 0; r < task.rows; ++r) {
    if (task.weight[r][input] != 0.0) users |= 1u << r;
  }
  return users;
}

// Products of a run of inputs that the same rows use, for each run of those rows: a zero
// weight is never multiplied, since that input may hold NaN.
void add_run(const KernelTask& task, int begin, int end, unsigned users, const float* tile,
             float* result, int n) {
  for (int r = 0; r < task.rows; ++r) {
    if ((users >> r & 1u) == 0) continue;
    int last = r;
    while (last < task.rows && (users >> last & 1u) != 0) ++last;
    float weight[kMaxRows * kMaxLive];
    for (int i = r; i < last; ++i) {
      for (int k = begin; k < end; ++k) {
        weight[(i - r) * (end - begin) + k - begin] = static_cast<float>(task.weight[i][k]);
      }
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, last - r, n, end - begin, 1.0f, weight,
                end - begin, tile + begin * kBlock, kBlock, 1.0f, result + r * kBlock, kBlock);
    r = last;
  }
}

void run(const KernelTask& task) {
  Staged staged;
  float result[kMaxRows * kBlock];
  const int denoised = denoised_input(task);
  const float limit = denoised < 0 ? 0.0f : clip_limit(task, staged);
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    stage_block(task, from, n, denoised, limit, staged);
    for (int k = 0; k < task.inputs; ++k) {
      if (staged.x[k] == staged.buffer[k]) continue;
      std::memcpy(staged.buffer[k], staged.x[k], static_cast<std::size_t>(n) * sizeof(float));
    }
    std::memset(result, 0, sizeof(float) * kBlock * static_cast<std::size_t>(task.rows));
    for (int begin = 0; begin < task.inputs;) {
      const unsigned users = users_of(task, begin);
      int end = begin + 1;
      while (end < task.inputs && users_of(task, end) == users) ++end;
      add_run(task, begin, end, users, staged.buffer[0], result, static_cast<int>(n));
      begin = end;
    }
    if (task.mask != nullptr) {
      float* rows[kMaxRows];
      for (int r = 0; r < task.rows; ++r) rows[r] = result + r * kBlock;
      blend_rows(task, from, n, staged, rows);
    }
    for (int r = 0; r < task.rows; ++r) {
      narrow(result + r * kBlock, n, task.output[r].data, task.output[r].type, from);
    }
  }
}

}  // namespace

extern const Kernel kBlasKernel;
const Kernel kBlasKernel = {
    3, "blas", DType::f32, takes_floats, takes_floats, run, float_scratch_bytes};

}  // namespace sched

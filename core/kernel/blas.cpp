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

#include "lanes.inl"

#include "float_math.inl"

inline void normals(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  fill_normals(out, first, count, key);
}

#include "storage.inl"

#include "rows.inl"

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

// Every input of a block as float32, one beside the other.
void fill_tile(const KernelTask& task, const Rows& denoised, int64_t from, int64_t n,
               Staged& staged) {
  stage_sources(task, from, n, staged);
  if (denoised.denoised.input >= 0) {
    sum_block(denoised, staged.x, n, staged.buffer[denoised.denoised.input]);
  }
  for (int k = 0; k < task.inputs; ++k) {
    const To tile = to_floats(staged.buffer[k]);
    if (staged.x[k].data != tile.data) convert(staged.x[k], n, tile);
  }
}

void multiply(const KernelTask& task, const Staged& staged, int64_t n, float* result) {
  std::memset(result, 0, sizeof(float) * kBlock * static_cast<std::size_t>(task.rows));
  for (int begin = 0; begin < task.inputs;) {
    const unsigned users = users_of(task, begin);
    int end = begin + 1;
    while (end < task.inputs && users_of(task, end) == users) ++end;
    add_run(task, begin, end, users, staged.buffer[0], result, static_cast<int>(n));
    begin = end;
  }
}

// x0 by itself, clipped.
void set_denoised_row(const KernelTask& task, Rows& rows) {
  const int input = denoised_input(task);
  rows.denoised.input = -1;
  if (input < 0) return;
  double itself[kMaxLive] = {};
  itself[input] = 1.0;
  set_one_row(itself, task.inputs, false, rows);
  set_denoised(task.denoised, input, clip_limit(task), task.clip == 2, rows);
  rows.run = choose_rows(rows.shape);
}

void run(const KernelTask& task) {
  Staged staged;
  Rows denoised;
  Rows known;
  float result[kMaxSums][kBlock];
  set_denoised_row(task, denoised);
  if (task.mask != nullptr) set_one_row(task.known, task.inputs, false, known);
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    fill_tile(task, denoised, from, n, staged);
    multiply(task, staged, n, result[0]);
    if (task.mask != nullptr) {
      sum_block(known, staged.x, n, result[task.rows]);
      blend_rows(task, from, n, result);
    }
    for (int r = 0; r < task.rows; ++r) {
      const KernelOutput& output = task.output[r];
      const To to = {static_cast<char*>(output.data), output.type, false};
      convert(from_floats(result[r]), n, to.after(from));
    }
  }
}

}  // namespace

extern const Kernel kBlasKernel;
const Kernel kBlasKernel = {3, "blas", DType::f32, takes_floats, run};

}  // namespace sched

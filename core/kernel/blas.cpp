// The blas kernel: rows = weights times inputs as a skinny sgemm, tile by tile.
//
// A tile holds its part of every input and row, and stays in cache.  It is small enough for each
// product to be below the size at which OpenBLAS would start threads, so that its process-wide
// settings are never touched.  OpenBLAS orders and fuses the sums as it likes: bits differ from
// the fused kernel's.

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

// Its products are OpenBLAS's; what else it sums is little.
RunRows choose_rows(const Shape&) { return run_many_rows; }

#include "stage.inl"

// Which rows use an input, as bits.
unsigned users_of(const KernelTask& task, int input) {
  unsigned users = 0;
  for (int r = 0; r < task.rows; ++r) {
    if (task.weight[r][input] != 0.0) users |= 1u << r;
  }
  return users;
}

constexpr int64_t kTileFloats = (kMaxLive + kMaxSums) * kBlock;

// Inputs and rows of some elements, one beside the other.
struct Tile {
  float values[kTileFloats];
  int inputs;
  int64_t length;

  // Values are written before they are read.
  // cppcheck-suppress uninitMemberVar
  Tile(int input_count, int rows)
      : inputs(input_count), length(kTileFloats / (input_count + rows) / kBlock * kBlock) {}
  float* input(int k) { return values + k * length; }
  float* row(int r) { return values + (inputs + r) * length; }
};

// Products of a run of inputs that the same rows use, for each run of those rows: a zero
// weight is never multiplied, since that input may hold NaN.
void add_run(const KernelTask& task, int begin, int end, unsigned users, int n, Tile& tile) {
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
    const int stride = static_cast<int>(tile.length);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, last - r, n, end - begin, 1.0f, weight,
                end - begin, tile.input(begin), stride, begin == 0 ? 0.0f : 1.0f, tile.row(r),
                stride);
    r = last;
  }
}

void multiply(const KernelTask& task, int64_t n, Tile& tile) {
  // What the first run sets needs no zeros.
  for (int r = 0; r < task.rows; ++r) {
    const bool is_set = (users_of(task, 0) >> r & 1u) != 0;
    if (!is_set) std::memset(tile.row(r), 0, sizeof(float) * static_cast<std::size_t>(n));
  }
  for (int begin = 0; begin < task.inputs;) {
    const unsigned users = users_of(task, begin);
    int end = begin + 1;
    while (end < task.inputs && users_of(task, end) == users) ++end;
    add_run(task, begin, end, users, static_cast<int>(n), tile);
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

// A block of the inputs, at `place` of the tile.
void fill_tile(const KernelTask& task, const Rows& denoised, int64_t from, int64_t n, int64_t place,
               Tile& tile) {
  Staged staged;
  stage_sources(task, from, n, staged);
  for (int k = 0; k < task.inputs; ++k) {
    if (k == denoised.denoised.input) {
      sum_block(denoised, staged.x, n, tile.input(k) + place);
    } else {
      convert(staged.x[k], n, to_floats(tile.input(k) + place));
    }
  }
}

void blend_tile(const KernelTask& task, const Rows& known, int64_t from, int64_t n, int64_t place,
                Tile& tile) {
  From x[kMaxLive];
  float* rows[kMaxSums];
  for (int k = 0; k < task.inputs; ++k) x[k] = from_floats(tile.input(k) + place);
  for (int r = 0; r <= task.rows; ++r) rows[r] = tile.row(r) + place;
  sum_block(known, x, n, rows[task.rows]);
  blend_rows(task, from, n, rows);
}

void run(const KernelTask& task) {
  Rows denoised;
  Rows known;
  Tile tile(task.inputs, task.rows + 1);
  set_denoised_row(task, denoised);
  if (task.mask != nullptr) set_one_row(task.known, task.inputs, false, known);
  for (int64_t from = 0; from < task.elements; from += tile.length) {
    const int64_t n = task.elements - from < tile.length ? task.elements - from : tile.length;
    for (int64_t at = 0; at < n; at += kBlock) {
      fill_tile(task, denoised, from + at, n - at < kBlock ? n - at : kBlock, at, tile);
    }
    multiply(task, n, tile);
    for (int64_t at = 0; task.mask != nullptr && at < n; at += kBlock) {
      blend_tile(task, known, from + at, n - at < kBlock ? n - at : kBlock, at, tile);
    }
    for (int r = 0; r < task.rows; ++r) {
      convert(from_floats(tile.row(r)), n, block_of(task.output[r], from));
    }
  }
  end_streaming();
}

}  // namespace

extern const Kernel kBlasKernel;
const Kernel kBlasKernel = {
    3, "blas", DType::f32, takes_floats, takes_floats, run, float_scratch_bytes};

}  // namespace sched

// The fused kernel: one pass over memory, every row from registers.  This file is
// compiled once for each instruction set, inside a namespace of that name, and includes
// nothing that defines inline functions elsewhere.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "intrinsics.hpp"
#include "isa.hpp"

namespace sched {
namespace SCHED_ISA {

namespace {

#include "lanes.inl"

#include "float_math.inl"

#include "../random/polar.inl"

#include "../random/philox.inl"

#include "../random/segments.inl"

#include "../random/mersenne_twister.inl"

#include "../random/torch_cpu.inl"

#include "../random/torch_cuda.inl"

#include "../random/threefry.inl"

#include "../random/threefry_normals.inl"

#include "storage.inl"

#include "rows.inl"

#include "row_shapes.inl"

#include "stage.inl"

// Nothing has to be made before the rows: they run over the caller's memory.
bool is_linear(const KernelTask& task) {
  if (task.gain != 0 || task.mask != nullptr) return false;
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].source == Source::noise) return false;
  }
  return true;
}

// All in float32, and none streamed.
bool is_plain(const KernelTask& task) {
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].type != DType::f32) return false;
  }
  for (int r = 0; r < task.rows; ++r) {
    if (task.output[r].type != DType::f32 || task.output[r].streamed) return false;
  }
  return true;
}

bool streams(const KernelTask& task) {
  for (int r = 0; kCanStream && r < task.rows; ++r) {
    if (task.output[r].streamed) return true;
  }
  return false;
}

void run_rows_of(const Rows& rows, bool streamed, const From* x, const To* y, int64_t n) {
  if (streamed) {
    run_streamed(rows, x, y, n);
  } else {
    rows.run(rows, x, y, n);
  }
}

void run_linear(const KernelTask& task, const Rows& rows, bool streamed) {
  From x[kMaxLive];
  To y[kMaxRows];
  for (int k = 0; k < task.inputs; ++k) {
    const KernelInput& input = task.input[k];
    if (input.source == Source::memory) x[k] = block_of(input.data, input.type, 0);
  }
  for (int r = 0; r < task.rows; ++r) y[r] = block_of(task.output[r], 0);
  run_rows_of(rows, streamed, x, y, task.elements);
}

void run_staged(const KernelTask& task, const Rows& rows, bool streamed) {
  Staged staged;
  float result[kMaxSums][kBlock];
  float* blended[kMaxSums];
  To unblended[kMaxSums];
  To y[kMaxRows];
  for (int r = 0; r < rows.shape.rows; ++r) {
    blended[r] = result[r];
    unblended[r] = to_floats(result[r]);
  }
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    stage_sources(task, from, n, staged);
    for (int r = 0; r < task.rows; ++r) y[r] = block_of(task.output[r], from);
    if (task.mask == nullptr) {
      run_rows_of(rows, streamed, staged.x, y, n);
      continue;
    }
    rows.run(rows, staged.x, unblended, n);
    blend_rows(task, from, n, blended);
    for (int r = 0; r < task.rows; ++r) convert(from_floats(result[r]), n, y[r]);
  }
}

// The task's rows; with a mask its known part is the last.
void set_rows(const KernelTask& task, Rows& rows) {
  rows.shape = {task.inputs, 0, true, is_plain(task), -1};
  rows.denoised.input = -1;
  for (int r = 0; r < task.rows; ++r) add_row(task.weight[r], rows);
  if (task.mask != nullptr) add_row(task.known, rows);
  const int denoised = denoised_input(task);
  if (denoised >= 0) {
    set_denoised(task.denoised, denoised, clip_limit(task), task.clip == 2, rows);
  }
  rows.run = choose_rows(rows.shape);
}

}  // namespace

void run(const KernelTask& task) {
  const bool streamed = streams(task);
  Rows rows;
  set_rows(task, rows);
  if (is_linear(task)) {
    run_linear(task, rows, streamed);
  } else {
    run_staged(task, rows, streamed);
  }
  if (streamed) end_streaming();
}

void fill(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  normals(out, first, count, key);
}

void draw_words(uint32_t* out, int64_t count, MersenneTwister& twister) {
  twister_words(out, count, twister);
}

void fill_torch_cpu(float* out, int64_t blocks, MersenneTwister& twister) {
  torch_cpu_normals(out, blocks, twister);
}

void fill_torch_cuda(float* out, int64_t first, int64_t wanted, const CudaDraw& draw) {
  torch_cuda_normals(out, first, wanted, draw);
}

void fill_threefry(float* out, int64_t first, int64_t wanted, const ThreefryDraw& draw) {
  threefry_normals(out, first, wanted, draw);
}

void round_floats(float* values, int64_t count, DType type) {
  uint16_t halves[kBlock];
  for (int64_t from = 0; from < count; from += kBlock) {
    const int64_t n = count - from < kBlock ? count - from : kBlock;
    convert(from_floats(values + from), n, To{reinterpret_cast<char*>(halves), type, false});
    convert(From{reinterpret_cast<const char*>(halves), type}, n, to_floats(values + from));
  }
}

float quantile(const float* values, int64_t count, double ratio, void* room) {
  Selection selection(count, ratio, room);
  for (int64_t from = 0; from < count; from += kBlock) {
    selection.add(values + from, count - from < kBlock ? count - from : kBlock);
  }
  return selection.result();
}

}  // namespace SCHED_ISA
}  // namespace sched

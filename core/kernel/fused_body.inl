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

#include "float_math.inl"

#include "lanes.inl"

#include "../random/philox.inl"

#include "half.inl"

#include "stage.inl"

constexpr int kFastInputs = 8;
constexpr int kFastRows = 4;

// The weights of a task in float32.  A zero weight drops its input without multiplying
// (0 * NaN is NaN): the product's bits are replaced by -0, the neutral element of addition.
struct Weights {
  float weight[kMaxRows][kMaxLive];
  uint32_t keep[kMaxRows][kMaxLive];
  uint32_t fill[kMaxRows][kMaxLive];
  bool dense;
};

Weights weights_of(const KernelTask& task) {
  Weights w;
  w.dense = true;
  for (int r = 0; r < task.rows; ++r) {
    for (int k = 0; k < task.inputs; ++k) {
      w.weight[r][k] = static_cast<float>(task.weight[r][k]);
      w.dense = w.dense && task.weight[r][k] != 0.0;
    }
  }
  for (int r = 0; r < task.rows && !w.dense; ++r) {
    for (int k = 0; k < task.inputs; ++k) {
      const bool used = task.weight[r][k] != 0.0;
      w.keep[r][k] = used ? 0xffffffffu : 0u;
      w.fill[r][k] = used ? 0u : 0x80000000u;
    }
  }
  return w;
}

// All rows of a span.  Every input of an element is read before any row of it is written,
// and elements are independent, so a row may overwrite an input in place.
template <int I, int R, bool Dense>
void run_rows(const float* const* in, float* const* out, const Weights& w, int64_t n) {
  const float* x[I];
  float* y[R];
  float weight[R][I];
  uint32_t keep[R][I];
  uint32_t fill[R][I];
  for (int k = 0; k < I; ++k) x[k] = in[k];
  for (int r = 0; r < R; ++r) {
    y[r] = out[r];
    for (int k = 0; k < I; ++k) {
      weight[r][k] = w.weight[r][k];
      if (Dense) continue;
      keep[r][k] = w.keep[r][k];
      fill[r][k] = w.fill[r][k];
    }
  }
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    float value[I];
    float sum[R];
#pragma GCC unroll 16
    for (int k = 0; k < I; ++k) value[k] = x[k][i];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
      for (int k = 0; k < I; ++k) {
        float term = weight[r][k] * value[k];
        if (!Dense) term = float_of((bits_of(term) & keep[r][k]) | fill[r][k]);
        sum[r] = k == 0 ? term : sum[r] + term;
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) y[r][i] = sum[r];
  }
}

using RunRows = void (*)(const float* const*, float* const*, const Weights&, int64_t);

template <int I>
RunRows rows_for(int rows, bool dense) {
  switch (rows) {
    case 1:
      return dense ? run_rows<I, 1, true> : run_rows<I, 1, false>;
    case 2:
      return dense ? run_rows<I, 2, true> : run_rows<I, 2, false>;
    case 3:
      return dense ? run_rows<I, 3, true> : run_rows<I, 3, false>;
    default:
      return dense ? run_rows<I, 4, true> : run_rows<I, 4, false>;
  }
}

// nullptr where the shape is too wide to be specialised.
RunRows choose_rows(int inputs, int rows, bool dense) {
  if (rows > kFastRows) return nullptr;
  switch (inputs) {
    case 1:
      return rows_for<1>(rows, dense);
    case 2:
      return rows_for<2>(rows, dense);
    case 3:
      return rows_for<3>(rows, dense);
    case 4:
      return rows_for<4>(rows, dense);
    case 5:
      return rows_for<5>(rows, dense);
    case 6:
      return rows_for<6>(rows, dense);
    case 7:
      return rows_for<7>(rows, dense);
    case 8:
      return rows_for<8>(rows, dense);
    default:
      return nullptr;
  }
}

// Nothing has to be converted, made or clipped: the rows run over the caller's memory.
bool is_plain(const KernelTask& task) {
  if (task.gain != 0 || task.mask != nullptr) return false;
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].source != Source::memory || task.input[k].type != DType::f32) return false;
  }
  for (int r = 0; r < task.rows; ++r) {
    if (task.output[r].type != DType::f32) return false;
  }
  return true;
}

void run_plain(const KernelTask& task, RunRows rows, const Weights& weights) {
  const float* in[kMaxLive];
  float* out[kMaxRows];
  for (int k = 0; k < task.inputs; ++k) in[k] = static_cast<const float*>(task.input[k].data);
  for (int r = 0; r < task.rows; ++r) out[r] = static_cast<float*>(task.output[r].data);
  rows(in, out, weights, task.elements);
}

void run_staged(const KernelTask& task, RunRows rows, const Weights& weights) {
  Staged staged;
  float result[kMaxRows][kBlock];
  float* out[kMaxRows];
  const int denoised = denoised_input(task);
  const float limit = denoised < 0 ? 0.0f : clip_limit(task, staged);
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    stage_block(task, from, n, denoised, limit, staged);
    for (int r = 0; r < task.rows; ++r) {
      const bool direct =
          rows != nullptr && task.output[r].type == DType::f32 && task.mask == nullptr;
      out[r] = direct ? static_cast<float*>(task.output[r].data) + from : result[r];
    }
    if (rows != nullptr) {
      rows(staged.x, out, weights, n);
    } else {
      for (int r = 0; r < task.rows; ++r) {
        weighted_sum(result[r], staged.x, task.weight[r], task.inputs, n);
      }
    }
    if (task.mask != nullptr) blend_rows(task, from, n, staged, out);
    for (int r = 0; r < task.rows; ++r) {
      if (out[r] == result[r]) {
        narrow(result[r], n, task.output[r].data, task.output[r].type, from);
      }
    }
  }
}

}  // namespace

void run(const KernelTask& task) {
  const Weights weights = weights_of(task);
  const RunRows rows = choose_rows(task.inputs, task.rows, weights.dense);
  if (rows != nullptr && is_plain(task)) {
    run_plain(task, rows, weights);
  } else {
    run_staged(task, rows, weights);
  }
}

void fill(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  normals(out, first, count, key);
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

// One run of a kernel: a step resolved to pointers and weights.  Plain data without any
// inline function, so that it can be included where code is compiled for one particular
// instruction set and must not leak into the rest of the program.

#pragma once

#include <stdint.h>

namespace sched {

enum class DType : int { f32 = 1, f16 = 2, bf16 = 3, f64 = 4 };

enum class Source : int {
  memory,   // data points to values
  noise,    // standard normals, made on the way
  denoised  // x0, made from the other inputs and clipped
};

struct NoiseKey {
  uint64_t seed;
  uint32_t draw;
  uint32_t stream;
};

// A node of a Brownian path: its normals are those of draw `draw`.
struct NoiseTerm {
  uint32_t draw;
  float weight;
};

struct KernelInput {
  Source source;
  DType type;
  const void* data;
  NoiseKey key;
  // Where there are any, noise is the weighted sum of these draws instead of one draw.
  const NoiseTerm* terms;
  int term_count;
};

struct KernelOutput {
  DType type;
  void* data;
  double known;   // with a mask: how much of the known form this row is made of; 0 for none
  bool streamed;  // past the caches: worth it where the pass is larger than they are
};

constexpr int kMaxLive = 16;  // inputs with a weight that is not zero
constexpr int kMaxRows = 7;   // next, preview, next input and memory rows

// `elements` values of one item, whose normals are those from element `first` on; of any number of
// items where nothing in the task depends on the item.
struct KernelTask {
  int64_t elements;
  int64_t first;
  int inputs;
  int rows;
  KernelInput input[kMaxLive];
  KernelOutput output[kMaxRows];
  // Zero weights are skipped: that input may hold NaN.
  double weight[kMaxRows][kMaxLive];

  // How the denoised input comes about: clip 0 none, 1 range, 2 quantile.
  int clip;
  double clip_range;
  double quantile;
  double quantile_max;
  double denoised[kMaxLive];

  // 0 none, 1 exp(offset + slope v), 2 sqrt(v): multiplies input `gain_input`; 3 clamps it to
  // +-offset.
  int gain;
  int gain_input;
  DType variance_type;
  const void* variance;
  double gain_offset;
  double gain_slope;

  // row = mask * (its `known` * form) + (1 - mask) * row, where there is a mask.
  const void* mask;
  DType mask_type;
  double known[kMaxLive];

  void* scratch;  // for the quantile: quantile_room() floats (reference: a double per element)
};

// Where a quantile lies among sorted values: `rest` of the way from the one before which there are
// `below` to the next, as torch.quantile does.
struct Rank {
  int64_t below;
  double rest;
  bool from_below;  // nearer to the lowest
  int64_t kept;     // so many from the nearer end on have to be known
};
Rank rank_of(int64_t count, double ratio);

// Floats with which the quantile of `count` values can be found in one pass over them; not fewer
// for more values.
int64_t quantile_room(int64_t count, double ratio);

}  // namespace sched

// Bringing blocks of a task's inputs and outputs to float32 and back, making noise and
// clipped x0 on the way.  Shared by the float kernels, compiled for each instruction set;
// everything is in the including file's anonymous namespace.

constexpr int64_t kBlock = 1024;

inline const char* at_element(const void* data, DType type, int64_t i) {
  return static_cast<const char*>(data) + i * (type == DType::f32 ? 4 : 2);
}

inline void widen(const void* data, DType type, int64_t from, int64_t n, float* __restrict out) {
  const void* start = at_element(data, type, from);
  const uint16_t* half = static_cast<const uint16_t*>(start);
  if (type == DType::f32) {
    memcpy(out, start, static_cast<size_t>(n) * sizeof(float));
  } else if (type == DType::bf16) {
    for (int64_t i = 0; i < n; ++i) out[i] = from_bf16(half[i]);
  } else {
    widen_f16(half, n, out);
  }
}

inline void narrow(const float* __restrict values, int64_t n, void* data, DType type,
                   int64_t from) {
  char* start = static_cast<char*>(data) + from * (type == DType::f32 ? 4 : 2);
  uint16_t* half = reinterpret_cast<uint16_t*>(start);
  if (type == DType::f32) {
    memcpy(start, values, static_cast<size_t>(n) * sizeof(float));
  } else if (type == DType::bf16) {
    for (int64_t i = 0; i < n; ++i) half[i] = to_bf16(values[i]);
  } else {
    narrow_f16(values, n, half);
  }
}

// Adds weight * input to a block.  The first term starts the sum, so that no zero is
// added: the order and the bits are those of the fused rows.
inline void add_term(float* __restrict sum, const float* __restrict x, float weight, int64_t n,
                     bool first) {
  if (first) {
    for (int64_t i = 0; i < n; ++i) sum[i] = weight * x[i];
  } else {
    for (int64_t i = 0; i < n; ++i) sum[i] = sum[i] + weight * x[i];
  }
}

inline void weighted_sum(float* __restrict sum, const float* const* x, const double* weight,
                         int inputs, int64_t n) {
  bool first = true;
  for (int k = 0; k < inputs; ++k) {
    if (weight[k] == 0.0) continue;
    add_term(sum, x[k], static_cast<float>(weight[k]), n, first);
    first = false;
  }
  if (first) memset(sum, 0, static_cast<size_t>(n) * sizeof(float));
}

inline void apply_gain(const KernelTask& task, int64_t from, int64_t n, float* __restrict noise) {
  float v[kBlock];
  widen(task.variance, task.variance_type, from, n, v);
  const float offset = static_cast<float>(task.gain_offset);
  const float slope = static_cast<float>(task.gain_slope);
  if (task.gain == 1) {
    for (int64_t i = 0; i < n; ++i) noise[i] = noise[i] * exp_f(offset + slope * v[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) noise[i] = noise[i] * __builtin_sqrtf(v[i]);
  }
}

inline void clamp_block(float* __restrict x, int64_t n, float limit, float divisor) {
  for (int64_t i = 0; i < n; ++i) {
    const float low = x[i] < -limit ? -limit : x[i];
    const float both = low > limit ? limit : low;
    x[i] = both / divisor;
  }
}

// The float32 values of each input for one block: the caller's own memory where that is
// float32 already, else `buffer`.
struct Staged {
  const float* x[kMaxLive];
  float buffer[kMaxLive][kBlock];
};

// Normals of one draw, or an increment of a path from the draws of its nodes.
inline void draw(const KernelInput& input, int64_t first, int64_t n, float* __restrict out) {
  if (input.term_count == 0) {
    normals(out, first, n, input.key);
    return;
  }
  float z[kBlock];
  for (int i = 0; i < input.term_count; ++i) {
    NoiseKey key = input.key;
    key.draw = input.terms[i].draw;
    normals(z, first, n, key);
    add_term(out, z, input.terms[i].weight, n, i == 0);
  }
}

inline void stage_sources(const KernelTask& task, int64_t from, int64_t n, Staged& staged) {
  for (int k = 0; k < task.inputs; ++k) {
    const KernelInput& input = task.input[k];
    staged.x[k] = staged.buffer[k];
    if (input.source == Source::noise) {
      draw(input, task.first + from, n, staged.buffer[k]);
    } else if (input.source == Source::memory && input.type == DType::f32) {
      staged.x[k] = static_cast<const float*>(input.data) + from;
    } else if (input.source == Source::memory) {
      widen(input.data, input.type, from, n, staged.buffer[k]);
    }
  }
  if (task.gain != 0 && task.gain_input >= 0) {
    float* noise = staged.buffer[task.gain_input];
    if (staged.x[task.gain_input] != noise) {
      memcpy(noise, staged.x[task.gain_input], static_cast<size_t>(n) * sizeof(float));
      staged.x[task.gain_input] = noise;
    }
    apply_gain(task, from, n, noise);
  }
}

// Puts the known part into the rows that have one, where the mask says so.
inline void blend_rows(const KernelTask& task, int64_t from, int64_t n, const Staged& staged,
                       float* const* rows) {
  float mask[kBlock];
  float known[kBlock];
  widen(task.mask, task.mask_type, from, n, mask);
  weighted_sum(known, staged.x, task.known, task.inputs, n);
  for (int r = 0; r < task.rows; ++r) {
    const float part = static_cast<float>(task.output[r].known);
    if (part == 0.0f) continue;
    float* y = rows[r];
    for (int64_t i = 0; i < n; ++i) {
      y[i] = mask[i] * (part * known[i]) + (1.0f - mask[i]) * y[i];
    }
  }
}

inline int denoised_input(const KernelTask& task) {
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].source == Source::denoised) return k;
  }
  return -1;
}

#include "select.inl"

// The same elements with the inputs of x0 alone: no noise is made that the limit has no use for.
inline KernelTask task_of_x0(const KernelTask& task) {
  KernelTask x0 = task;
  x0.inputs = 0;
  x0.gain_input = -1;
  for (int k = 0; k < task.inputs; ++k) {
    if (task.denoised[k] == 0.0) continue;
    if (k == task.gain_input) x0.gain_input = x0.inputs;
    x0.input[x0.inputs] = task.input[k];
    x0.denoised[x0.inputs++] = task.denoised[k];
  }
  return x0;
}

// The clip's limit for this item: over all of its elements where it is a quantile.
inline float clip_limit(const KernelTask& task, Staged& staged) {
  if (task.clip != 2) return static_cast<float>(task.clip_range);
  const KernelTask x0 = task_of_x0(task);
  Selection selection(task.elements, task.quantile, task.scratch);
  float block[kBlock];
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    stage_sources(x0, from, n, staged);
    weighted_sum(block, staged.x, x0.denoised, x0.inputs, n);
    selection.add(block, n);
  }
  const float quantile = selection.result();
  const float most = static_cast<float>(task.quantile_max);
  const float at_least_one = quantile < 1.0f ? 1.0f : quantile;
  return at_least_one > most ? most : at_least_one;
}

inline void stage_block(const KernelTask& task, int64_t from, int64_t n, int denoised, float limit,
                        Staged& staged) {
  stage_sources(task, from, n, staged);
  if (denoised < 0) return;
  float* x0 = staged.buffer[denoised];
  weighted_sum(x0, staged.x, task.denoised, task.inputs, n);
  clamp_block(x0, n, limit, task.clip == 2 ? limit : 1.0f);
}

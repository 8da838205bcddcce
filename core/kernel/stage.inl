// What a block of a task needs before its rows: noise, gain, and clipped x0.  Shared by the float
// kernels, compiled for each instruction set; everything is in the including file's anonymous
// namespace, after rows.inl.

constexpr int64_t kBlock = 1024;

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

inline From block_of(const void* data, DType type, int64_t from) {
  return From{static_cast<const char*>(data), type}.after(from);
}

inline To block_of(const KernelOutput& output, int64_t from) {
  return To{static_cast<char*>(output.data), output.type, output.streamed}.after(from);
}

// NaN stays.
inline void clamp_noise(float limit, int64_t n, float* __restrict noise) {
  for (int64_t i = 0; i < n; ++i) {
    const float low = noise[i] < -limit ? -limit : noise[i];
    noise[i] = low > limit ? limit : low;
  }
}

inline void apply_gain(const KernelTask& task, int64_t from, int64_t n, float* __restrict noise) {
  const float offset = static_cast<float>(task.gain_offset);
  if (task.gain == 3) return clamp_noise(offset, n, noise);
  float v[kBlock];
  convert(block_of(task.variance, task.variance_type, from), n, to_floats(v));
  const float slope = static_cast<float>(task.gain_slope);
  if (task.gain == 1) {
    for (int64_t i = 0; i < n; ++i) noise[i] = noise[i] * exp_f(offset + slope * v[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) noise[i] = noise[i] * __builtin_sqrtf(v[i]);
  }
}

// Each input of one block: the caller's own memory, or what was made in `buffer`.
constexpr int kMaxMade = 3;  // noise
struct Staged {
  From x[kMaxLive];
  float buffer[kMaxMade][kBlock];
};

// One row of a block into floats.
inline void sum_block(const Rows& row, const From* x, int64_t n, float* out) {
  const To to = to_floats(out);
  row.run(row, x, &to, n);
}

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
  int made = 0;
  for (int k = 0; k < task.inputs; ++k) {
    const KernelInput& input = task.input[k];
    const bool with_gain = task.gain != 0 && k == task.gain_input;
    if (input.source == Source::memory && !with_gain) {
      staged.x[k] = block_of(input.data, input.type, from);
      continue;
    }
    if (input.source == Source::denoised) {
      staged.x[k] = from_floats(staged.buffer[0]);  // made with the rows, never read from here
      continue;
    }
    float* values = staged.buffer[made++];
    staged.x[k] = from_floats(values);
    if (input.source == Source::noise) {
      draw(input, task.first + from, n, values);
    } else {
      convert(block_of(input.data, input.type, from), n, to_floats(values));
    }
    if (with_gain) apply_gain(task, from, n, values);
  }
}

// Puts the known part, the last of `rows`, into those that have one, where the mask says so.
inline void blend_rows(const KernelTask& task, int64_t from, int64_t n, float* const* rows) {
  float mask[kBlock];
  const float* known = rows[task.rows];
  convert(block_of(task.mask, task.mask_type, from), n, to_floats(mask));
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

// The limit of dynamic thresholding, from all elements of this item.
inline float quantile_limit(const KernelTask& task) {
  const KernelTask x0 = task_of_x0(task);
  Selection selection(task.elements, task.quantile, task.scratch);
  Staged staged;
  Rows row;
  float block[kBlock];
  set_one_row(x0.denoised, x0.inputs, false, row);
  for (int64_t from = 0; from < task.elements; from += kBlock) {
    const int64_t n = task.elements - from < kBlock ? task.elements - from : kBlock;
    stage_sources(x0, from, n, staged);
    sum_block(row, staged.x, n, block);
    selection.add(block, n);
  }
  const float quantile = selection.result();
  const float most = static_cast<float>(task.quantile_max);
  const float at_least_one = quantile < 1.0f ? 1.0f : quantile;
  return at_least_one > most ? most : at_least_one;
}

inline float clip_limit(const KernelTask& task) {
  return task.clip == 2 ? quantile_limit(task) : static_cast<float>(task.clip_range);
}

// The reference kernel: a plain loop in float64.  It is the definition of correct.

#include <cmath>
#include <cstring>
#include <limits>

#include "kernel.hpp"

namespace sched {

namespace {

#include "float_math.inl"

#include "load.inl"

void store(void* data, DType type, int64_t i, double value) {
  switch (type) {
    case DType::f64:
      static_cast<double*>(data)[i] = value;
      return;
    case DType::f32:
      static_cast<float*>(data)[i] = static_cast<float>(value);
      return;
    case DType::bf16:
      static_cast<uint16_t*>(data)[i] = to_bf16(static_cast<float>(value));
      return;
    case DType::f16:
      static_cast<uint16_t*>(data)[i] = to_f16(static_cast<float>(value));
      return;
  }
}

double weighted_sum(const double* x, const double* weight, int inputs) {
  double sum = 0.0;
  for (int k = 0; k < inputs; ++k) {
    // What no task gives has no weight.  NOLINTNEXTLINE(clang-analyzer-core.*)
    if (weight[k] != 0.0) sum += weight[k] * x[k];
  }
  return sum;
}

// The normals of a task's inputs, made block by block: one alone costs as much as many.
class Normals {
 public:
  // Of no block yet.
  // cppcheck-suppress uninitMemberVar
  explicit Normals(const KernelTask& task) : task_(task) {}

  double at(int input, int64_t i) {
    if (i < begin_ || i >= begin_ + kBlock) fill(i);
    return values_[input][i - begin_];
  }

 private:
  static constexpr int64_t kBlock = 256;

  void fill(int64_t from) {
    begin_ = from;
    for (int k = 0; k < task_.inputs; ++k) {
      if (task_.input[k].source == Source::noise) fill_input(task_.input[k], values_[k]);
    }
  }
  void fill_input(const KernelInput& input, double* sum) {
    const int64_t first = task_.first + begin_;
    if (input.term_count == 0) {
      fill_normals(z_, first, kBlock, input.key);
      for (int64_t i = 0; i < kBlock; ++i) sum[i] = z_[i];
      return;
    }
    for (int64_t i = 0; i < kBlock; ++i) sum[i] = 0.0;
    for (int t = 0; t < input.term_count; ++t) {
      fill_normals(z_, first, kBlock, {input.key.seed, input.terms[t].draw, input.key.stream});
      const auto weight = static_cast<double>(input.terms[t].weight);
      for (int64_t i = 0; i < kBlock; ++i) sum[i] += weight * z_[i];
    }
  }

  const KernelTask& task_;
  int64_t begin_ = -kBlock;
  double values_[kMaxLive][kBlock];
  float z_[kBlock];
};

double clamp(double value, double limit) {
  return value < -limit ? -limit : (value > limit ? limit : value);
}

void gather(const KernelTask& task, Normals& normals, int64_t i, double* x) {
  for (int k = 0; k < task.inputs; ++k) {
    const KernelInput& input = task.input[k];
    if (input.source == Source::memory) x[k] = load(input.data, input.type, i);
    if (input.source == Source::noise) x[k] = normals.at(k, i);
  }
  if (task.gain == 0 || task.gain_input < 0) return;
  double& noise = x[task.gain_input];
  if (task.gain == 3) {
    noise = clamp(noise, task.gain_offset);
    return;
  }
  const double v = load(task.variance, task.variance_type, i);
  noise *= task.gain == 1 ? std::exp(task.gain_offset + task.gain_slope * v) : std::sqrt(v);
}

double clip_limit(const KernelTask& task, Normals& normals) {
  if (task.clip != 2) return task.clip_range;
  double* all = static_cast<double*>(task.scratch);
  double x[kMaxLive];
  for (int64_t i = 0; i < task.elements; ++i) {
    gather(task, normals, i, x);
    all[i] = std::fabs(weighted_sum(x, task.denoised, task.inputs));
  }
  const double quantile = quantile_of(all, task.elements, task.quantile);
  return std::fmin(std::fmax(quantile, 1.0), task.quantile_max);
}

void blend(const KernelTask& task, int64_t i, const double* x, double* y) {
  const double mask = load(task.mask, task.mask_type, i);
  const double known = weighted_sum(x, task.known, task.inputs);
  for (int r = 0; r < task.rows; ++r) {
    const double part = task.output[r].known;
    if (part != 0.0) y[r] = mask * (part * known) + (1.0 - mask) * y[r];
  }
}

void run(const KernelTask& task) {
  Normals normals(task);
  int denoised = -1;
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].source == Source::denoised) denoised = k;
  }
  const double limit = denoised < 0 ? 0.0 : clip_limit(task, normals);
  for (int64_t i = 0; i < task.elements; ++i) {
    double x[kMaxLive];
    gather(task, normals, i, x);
    if (denoised >= 0) {
      const double x0 = clamp(weighted_sum(x, task.denoised, task.inputs), limit);
      x[denoised] = task.clip == 2 ? x0 / limit : x0;
    }
    // Every row before any is written: a row may overwrite an input.
    double y[kMaxRows];
    for (int r = 0; r < task.rows; ++r) y[r] = weighted_sum(x, task.weight[r], task.inputs);
    if (task.mask != nullptr) blend(task, i, x, y);
    for (int r = 0; r < task.rows; ++r) store(task.output[r].data, task.output[r].type, i, y[r]);
  }
}

std::int64_t scratch_bytes(std::int64_t elements, double) { return 8 * elements; }

}  // namespace

extern const Kernel kReferenceKernel;
const Kernel kReferenceKernel = {1,         "reference", DType::f64,   takes_all,
                                 takes_all, run,         scratch_bytes};

}  // namespace sched

// The reference kernel: a plain loop in float64.  It is the definition of correct.

#include <cmath>
#include <cstring>
#include <limits>

#include "kernel.hpp"

namespace sched {

namespace {

#include "float_math.inl"

double load(const void* data, DType type, int64_t i) {
  switch (type) {
    case DType::f64:
      return static_cast<const double*>(data)[i];
    case DType::f32:
      return static_cast<const float*>(data)[i];
    case DType::bf16:
      return from_bf16(static_cast<const uint16_t*>(data)[i]);
    case DType::f16:
      break;
  }
  return from_f16(static_cast<const uint16_t*>(data)[i]);
}

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
    if (weight[k] != 0.0) sum += weight[k] * x[k];
  }
  return sum;
}

void gather(const KernelTask& task, int64_t i, double* x) {
  for (int k = 0; k < task.inputs; ++k) {
    const KernelInput& input = task.input[k];
    if (input.source == Source::memory) x[k] = load(input.data, input.type, i);
    if (input.source == Source::noise) {
      float z;
      fill_normals(&z, task.first + i, 1, input.key);
      x[k] = z;
    }
  }
  if (task.gain == 0 || task.gain_input < 0) return;
  const double v = load(task.variance, task.variance_type, i);
  x[task.gain_input] *=
      task.gain == 1 ? std::exp(task.gain_offset + task.gain_slope * v) : std::sqrt(v);
}

double clip_limit(const KernelTask& task) {
  if (task.clip != 2) return task.clip_range;
  double* all = static_cast<double*>(task.scratch);
  double x[kMaxLive];
  for (int64_t i = 0; i < task.elements; ++i) {
    gather(task, i, x);
    all[i] = std::fabs(weighted_sum(x, task.denoised, task.inputs));
  }
  const double quantile = quantile_of(all, task.elements, task.quantile);
  return std::fmin(std::fmax(quantile, 1.0), task.quantile_max);
}

double clamp(double value, double limit) {
  return value < -limit ? -limit : (value > limit ? limit : value);
}

void run(const KernelTask& task) {
  int denoised = -1;
  for (int k = 0; k < task.inputs; ++k) {
    if (task.input[k].source == Source::denoised) denoised = k;
  }
  const double limit = denoised < 0 ? 0.0 : clip_limit(task);
  for (int64_t i = 0; i < task.elements; ++i) {
    double x[kMaxLive];
    gather(task, i, x);
    if (denoised >= 0) {
      const double x0 = clamp(weighted_sum(x, task.denoised, task.inputs), limit);
      x[denoised] = task.clip == 2 ? x0 / limit : x0;
    }
    // Every row before any is written: a row may overwrite an input.
    double y[kMaxRows];
    for (int r = 0; r < task.rows; ++r) y[r] = weighted_sum(x, task.weight[r], task.inputs);
    for (int r = 0; r < task.rows; ++r) store(task.output[r].data, task.output[r].type, i, y[r]);
  }
}

bool takes(DType) { return true; }

}  // namespace

extern const Kernel kReferenceKernel;
const Kernel kReferenceKernel = {1, "reference", DType::f64, takes, run};

}  // namespace sched

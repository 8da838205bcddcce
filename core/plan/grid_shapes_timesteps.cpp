// Shapes over the timesteps: where sigmas are looked up.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "grid_shapes.hpp"
#include "math.hpp"

namespace sched {

bool is_over_timesteps(SigmaShape shape) { return shape >= SigmaShape::normal; }

namespace {

List<double> sgm_uniform(double high, double low, int count) {
  List<double> times = linspace(high, low, count + 1);
  times.pop_back();
  return times;
}

// Every k-th timestep from the top.
List<double> simple(int train_steps, int count) {
  List<double> times;
  times.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    times.push_back(train_steps - 1.0 - std::floor(i * (static_cast<double>(train_steps) / count)));
  }
  return times;
}

// Every k-th timestep from 1 up: one or more too many where the stride is rounded.
List<double> ddim_uniform(int train_steps, int count) {
  const int stride = std::max(train_steps / count, 1);
  List<double> times;
  for (int t = 1; t < train_steps; t += stride) times.push_back(t);
  if (times.empty()) times.push_back(0.0);
  std::reverse(times.begin(), times.end());
  return times;
}

List<double> beta_times(const GridSpec& spec, int train_steps, int count) {
  List<double> times;
  for (int i = 0; i < count; ++i) {
    const double left = 1.0 - static_cast<double>(i) / count;
    const double place = beta_quantile(left, spec.beta_alpha, spec.beta_beta);
    times.push_back(round_half_even(place * (train_steps - 1)));
  }
  return times;
}

// stable-diffusion.cpp's: the cubic that is flat at both ends.
List<double> smoothstep(int train_steps, int count) {
  List<double> times;
  for (int i = 0; i < count; ++i) {
    const double left = 1.0 - static_cast<double>(i) / count;
    times.push_back(std::round(left * left * (3.0 - 2.0 * left) * (train_steps - 1)));
  }
  return times;
}

// stable-diffusion.cpp's: the timesteps of the distillation (Luo et al. 2023,
// arXiv:2310.04378), every fiftieth part of the training.
List<double> lcm(int train_steps, int count) {
  const int original = std::min(50, train_steps);
  const int stride = train_steps / original;
  List<double> times;
  for (int i = 0; i < count; ++i) {
    const auto skipped = static_cast<int>(static_cast<std::int64_t>(i) * original / count);
    times.push_back((original - skipped) * stride - 1.0);
  }
  return times;
}

// ComfyUI's: the first of ten timesteps, those that SD-Turbo was distilled at (Sauer et al.
// 2023, arXiv:2311.17042); there are no more.
List<double> sd_turbo(int train_steps, int count) {
  const int all = std::min(10, train_steps);
  const int stride = train_steps / all;
  List<double> times;
  for (int i = 0; i < std::min(count, all); ++i) times.push_back((all - i) * stride - 1.0);
  return times;
}

}  // namespace

List<double> shaped_times(const GridSpec& spec, int train_steps, double low, int count) {
  check_no_range(spec);
  const double high = train_steps - 1.0;
  switch (spec.shape) {
    case SigmaShape::sgm_uniform:
      return without_repeats(sgm_uniform(high, low, count));
    case SigmaShape::simple:
      return without_repeats(simple(train_steps, count));
    case SigmaShape::ddim_uniform:
      return ddim_uniform(train_steps, count);
    case SigmaShape::beta_timesteps:
      return without_repeats(beta_times(spec, train_steps, count));
    case SigmaShape::smoothstep:
      return without_repeats(smoothstep(train_steps, count));
    case SigmaShape::lcm:
      return without_repeats(lcm(train_steps, count));
    case SigmaShape::sd_turbo:
      return sd_turbo(train_steps, count);
    default:
      return without_repeats(linspace(high, low, count));
  }
}

}  // namespace sched

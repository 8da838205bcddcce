#include "noise_stream.hpp"

#include "../kernel/kernel.hpp"

namespace sched {

NoiseStream::NoiseStream(const NoiseSpec& spec, std::uint64_t seed, std::int64_t count)
    : generator_(spec.generator),
      type_(spec.type),
      grid_(spec.grid),
      seed_(seed),
      count_(count),
      first_key_(threefry_key(seed)),
      key_(first_key_),
      torch_cpu_(seed) {}

void NoiseStream::split_key(std::int64_t parts, std::int64_t part) {
  first_key_ = key_ = threefry_part(first_key_, layout(), parts, part);
}

void NoiseStream::restart() {
  offset_ = 0;
  key_ = first_key_;
  torch_cpu_ = TorchCpu(seed_);
}

ThreefryLayout NoiseStream::layout() const {
  return generator_ == Generator::jax ? ThreefryLayout::counters : ThreefryLayout::halves;
}

// The key of the next tensor; what is left is the key of those after it.
ThreefryKey NoiseStream::next_key() {
  ThreefryKey of_tensor;
  threefry_split(key_, layout(), key_, of_tensor);
  return of_tensor;
}

void NoiseStream::skip() {
  if (generator_ == Generator::torch_cuda) {
    offset_ += torch_cuda_advance(count_, grid_);
  } else if (generator_ != Generator::torch_cpu) {
    next_key();
  } else if (type_ == DType::f64) {
    torch_cpu_.skip_doubles(count_);
  } else {
    torch_cpu_.skip_floats(count_);
  }
}

void NoiseStream::fill(const NoiseWindow& window, const ThreefryKey& key, float* out) const {
  for (std::int64_t k = 0; k < window.count; ++k, out += window.length) {
    const std::int64_t first = window.first + k * window.stride;
    if (generator_ == Generator::torch_cuda) {
      fill_torch_cuda(out, first, window.length, count_, seed_, offset_, grid_);
    } else {
      fill_threefry(out, first, window.length, count_, key, layout());
    }
  }
}

void NoiseStream::draw(const NoiseWindow& window, void* out) {
  if (generator_ == Generator::torch_cpu) {
    // Always the whole.
    if (type_ == DType::f64) {
      torch_cpu_.fill(static_cast<double*>(out), count_);
    } else {
      torch_cpu_.fill(static_cast<float*>(out), count_);
    }
    return;
  }
  float* floats = static_cast<float*>(out);
  if (generator_ == Generator::torch_cuda) {
    fill(window, {}, floats);
    skip();
    if (type_ != DType::f32) round_floats(floats, window.count * window.length, type_);
  } else {
    fill(window, next_key(), floats);
  }
}

}  // namespace sched

// One generator of another system: tensors of normals, one after the other.

#pragma once

#include "noise_spec.hpp"

namespace sched {

// `count` stretches of `length` elements of a tensor, `stride` apart.
struct NoiseWindow {
  std::int64_t first = 0;
  std::int64_t length = 0;
  std::int64_t stride = 0;
  std::int64_t count = 1;
};

class NoiseStream {
 public:
  // Tensors of `count` elements.
  NoiseStream(const NoiseSpec& spec, std::uint64_t seed, std::int64_t count);

  // From a key of its own: part `part` of `parts` of the seed's.
  void split_key(std::int64_t parts, std::int64_t part);

  void restart();
  void skip();
  // The next tensor's part, as doubles where the type is float64 and as floats otherwise.
  void draw(const NoiseWindow& window, void* out);

 private:
  ThreefryLayout layout() const;
  ThreefryKey next_key();
  void fill(const NoiseWindow& window, const ThreefryKey& key, float* out) const;

  Generator generator_;
  DType type_;
  CudaGrid grid_;
  std::uint64_t seed_;
  std::int64_t count_;
  std::uint64_t offset_ = 0;     // torch_cuda
  ThreefryKey first_key_, key_;  // nx, jax
  TorchCpu torch_cpu_;
};

}  // namespace sched

// What init asked of the noise: whose normals, which of them, and of which whole the state's
// tensors are a part.

#pragma once

#include <cstdint>

#include "../kernel/task.hpp"
#include "reference_normals.hpp"

namespace sched {

enum class Generator : int { philox, torch_cpu, torch_cuda, nx, jax, caller };
enum class DrawPolicy : int { none, diffusers, k_diffusion, comfyui, bumblebee };

// Items `item` .. of the `items` of the whole, and of each the elements from `element` on.
struct NoisePart {
  std::int64_t items = 0;
  std::int64_t elements = 0;
  std::int64_t item = 0;
  std::int64_t element = 0;

  bool is_all(std::int64_t batch, std::int64_t length) const {
    return items == batch && elements == length;
  }
};

struct NoiseSpec {
  Generator generator = Generator::philox;
  DrawPolicy policy = DrawPolicy::none;
  DType type = DType::f32;  // in which normals are made, or to which they are rounded
  CudaGrid grid{};
  bool has_item_seeds = false;   // each item has a seed of its own
  std::int64_t first_draw = 0;   // of the first sample
  std::int64_t extra_draws = 0;  // between it and the first step
  NoisePart part;

  // A generator for each item, rather than one for the batch.
  bool is_per_item() const { return has_item_seeds || policy == DrawPolicy::bumblebee; }
  bool is_philox() const { return generator == Generator::philox; }
  // Made in rows of the host's memory before a pass, rather than within it.
  bool is_reference() const { return !is_philox() && generator != Generator::caller; }
};

const char* name_of(Generator generator);
const char* name_of(DrawPolicy policy);

}  // namespace sched

// What a caller may ask of the noise in init.

#include "draw_policy.hpp"
#include "loop.hpp"

namespace sched {

namespace {

constexpr std::int64_t kMostOnVulkan = std::int64_t{1} << 34;  // blocks are counted in 32 bits
constexpr std::int64_t kMostExtra = 1000000;

// Does the generator go with the policy?
bool fits(DrawPolicy policy, Generator generator) {
  switch (policy) {
    case DrawPolicy::none:
      return true;
    case DrawPolicy::diffusers:
    case DrawPolicy::k_diffusion:
      return generator != Generator::caller;
    case DrawPolicy::comfyui:
      return generator == Generator::torch_cpu || generator == Generator::torch_cuda;
    case DrawPolicy::bumblebee:
      return generator == Generator::nx;
  }
  return false;
}

const char* generators_of(DrawPolicy policy) {
  if (policy == DrawPolicy::comfyui) return "torch_cpu and torch_cuda";
  if (policy == DrawPolicy::bumblebee) return "nx";
  return "all but caller";
}

void check_policy(const Factors& f, const LoopRequest& request) {
  const NoiseSpec& noise = request.noise;
  if (!fits(noise.policy, noise.generator)) {
    fail(Status::conflict, "draw_policy ", name_of(noise.policy), " does not go with generator ",
         name_of(noise.generator), "; allowed are ", generators_of(noise.policy));
  }
  if (f.options.on_path && (noise.is_reference() || noise.policy != DrawPolicy::none)) {
    fail(Status::unsupported, f.solver->name,
         " draws from Brownian paths, which only generator philox with draw_policy none has: the "
         "trees of torchsde are not reproduced; hand in the increments, or switch the paths off");
  }
  if (!knows(noise.policy, f)) {
    fail(Status::unsupported, "draw_policy ", name_of(noise.policy), " does not know ",
         f.solver->name, " in this form; those that do: ", policies_that_know(f));
  }
  if (noise.policy == DrawPolicy::comfyui && request.churn.value_or(f.options.churn) > 0.0) {
    fail(Status::unsupported,
         "draw_policy comfyui does not know s_churn above 0: its normals come from torch's global "
         "generator, and depend on what else was drawn");
  }
}

void check_type(const NoiseSpec& noise, const Kernel& kernel) {
  const bool halves = noise.type == DType::f16 || noise.type == DType::bf16;
  const bool doubles = noise.type == DType::f64;
  if (halves && noise.generator != Generator::torch_cuda) {
    fail(Status::unsupported,
         "noise_dtype is one of 16 bits, to which only torch_cuda rounds; "
         "generator ",
         name_of(noise.generator), " would draw other numbers");
  }
  if (doubles && noise.generator != Generator::torch_cpu) {
    fail(Status::unsupported, "noise_dtype is float64, which only torch_cpu draws; this is ",
         name_of(noise.generator));
  }
  if (doubles && !kernel.takes(DType::f64)) {
    fail(Status::dtype, "noise_dtype is float64, which only the reference kernel takes; this is ",
         kernel.name);
  }
}

void check_grid(const NoiseSpec& noise) {
  const bool given = noise.grid.multiprocessors != 0 || noise.grid.threads_per_multiprocessor != 0;
  if (noise.generator != Generator::torch_cuda) {
    if (!given) return;
    fail(Status::option,
         "cuda_multiprocessors and cuda_threads_per_multiprocessor go with "
         "generator torch_cuda; this is ",
         name_of(noise.generator));
  }
  const auto [multiprocessors, threads] = noise.grid;
  if (multiprocessors < 1 || multiprocessors > 4096) {
    fail(Status::value, "cuda_multiprocessors is ", multiprocessors,
         "; allowed are 1 to 4096: sched_cuda_card() has those of common cards");
  }
  if (threads < 256 || threads > 8192 || threads % 256 != 0) {
    fail(Status::value, "cuda_threads_per_multiprocessor is ", threads,
         "; allowed are multiples of 256 up to 8192: sched_cuda_card() has those of common cards");
  }
}

void check_range(const char* name, std::int64_t first, std::int64_t count, const char* whole_name,
                 std::int64_t whole) {
  if (whole < 1 || whole > kMaxElements) {
    fail(Status::shape, whole_name, " is ", whole, "; allowed are 1 to ", kMaxElements,
         " (0 means the state's own)");
  }
  if (first >= 0 && first <= whole - count) return;
  if (count > whole) {
    fail(Status::shape, whole_name, " is ", whole, ", but the state alone has ", count);
  }
  fail(Status::shape, name, " is ", first, "; with ", count, " of ", whole, " allowed are 0 to ",
       whole - count);
}

// Tensors that a reference draws otherwise, or not at all.
void check_size(const NoiseSpec& noise) {
  const NoisePart& part = noise.part;
  const std::int64_t drawn = noise.is_per_item() ? part.elements : part.items * part.elements;
  std::int64_t most = kMaxElements;
  if (noise.generator == Generator::torch_cuda) most = kMostTorchCuda;
  if (noise.generator == Generator::nx) most = kMostThreefryHalves;
  if (drawn <= most) return;
  fail(Status::unsupported, "a draw of generator ", name_of(noise.generator), " has ", drawn,
       " elements; at most ", most, " are allowed, beyond which the reference goes another way");
}

void check_part(const Factors& f, const LoopRequest& request, const Kernel& kernel,
                const NoiseSpec& noise) {
  const NoisePart& part = noise.part;
  check_range("first_item", part.item, request.batch, "whole_batch", part.items);
  check_range("first_element", part.element, request.elements, "whole_elements", part.elements);
  if (part.elements > kMaxElements / part.items) {
    fail(Status::shape, "whole_batch times whole_elements is too large; at most ", kMaxElements,
         " are allowed");
  }
  if (kernel.run == nullptr && part.elements > kMostOnVulkan) {
    fail(Status::unsupported, "whole_elements is ", part.elements, "; on Vulkan at most ",
         kMostOnVulkan, " are allowed");
  }
  const bool is_whole_item = part.elements == request.elements;
  const bool is_whole = part.is_all(request.batch, request.elements);
  // ComfyUI draws the first sample on the CPU.
  const bool is_sequential =
      noise.generator == Generator::torch_cpu || noise.policy == DrawPolicy::comfyui;
  if (is_sequential && (noise.is_per_item() ? !is_whole_item : !is_whole)) {
    fail(Status::unsupported,
         "generator torch_cpu, which draws ComfyUI's first sample too, gives its numbers one after "
         "the other, so a part cannot draw what the "
         "whole would; parts are allowed with philox, torch_cuda, nx and jax");
  }
  if (!is_whole_item && f.clip.mode == Clip::quantile) {
    fail(Status::conflict,
         "whole_elements is more than the state's elements, but thresholding needs whole items");
  }
}

}  // namespace

NoiseSpec checked_noise(const Factors& factors, const LoopRequest& request, const Kernel& kernel) {
  NoiseSpec noise = request.noise;
  if (noise.part.items == 0) noise.part.items = request.batch;
  if (noise.part.elements == 0) noise.part.elements = request.elements;
  check_policy(factors, request);
  check_type(noise, kernel);
  check_grid(noise);
  check_part(factors, request, kernel, noise);
  check_size(noise);
  const std::int64_t most = noise.is_reference() ? kMostExtra : 0;
  if (noise.first_draw < 0 || noise.first_draw > most) {
    fail(Status::value, "first_sample_draw is ", noise.first_draw, "; with generator ",
         name_of(noise.generator), " allowed are 0 to ", most);
  }
  const std::int64_t least = noise.is_reference() && noise.policy != DrawPolicy::comfyui ? -1 : 0;
  if (noise.extra_draws < least || noise.extra_draws > most) {
    fail(Status::value, "extra_draws is ", noise.extra_draws, "; with generator ",
         name_of(noise.generator), " and draw_policy ", name_of(noise.policy), " allowed are ",
         least, " to ", most);
  }
  return noise;
}

}  // namespace sched

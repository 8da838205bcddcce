// Standard normals as the references draw them: torch on a CPU and on a card, JAX and Nx.

#pragma once

#include <cstdint>

#include "reference_draws.hpp"

namespace sched {

// ------------------------------------------------------------------ torch on a CPU

// torch.manual_seed(seed), and then torch.randn(...) call after call; only the low 32 bits of a
// seed count.  Plain data: a copy goes on as the original would.
//
// float32 from 16 elements on has the bits of torch's AVX2 code as GCC builds it, on every machine
// here.  Everything else goes through the C library's functions in double, as in torch.
class TorchCpu {
 public:
  explicit TorchCpu(std::uint64_t seed) noexcept;
  // What torch.randn(count) gives next.  A call is one call: two halves are other numbers.
  void fill(float* out, std::int64_t count) noexcept;
  // With dtype=torch.float64.
  void fill(double* out, std::int64_t count) noexcept;
  // As a fill that nobody looks at.
  void skip_floats(std::int64_t count) noexcept;
  void skip_doubles(std::int64_t count) noexcept;

 private:
  double one() noexcept;
  template <typename Value>
  void fill_singly(Value* out, std::int64_t count) noexcept;
  void skip_singly(std::int64_t count) noexcept;

  MersenneTwister twister_;
  std::int32_t has_kept_ = 0;
  double kept_ = 0.0;  // the second of a pair
};

// ------------------------------------------------------------------- torch on a card

// The grid that torch starts on a card decides which number lands where.
struct CudaGrid {
  std::int32_t multiprocessors, threads_per_multiprocessor;
};

// A tensor of more elements is drawn in parts that depend on its shape: torch indexes the bytes of
// one launch with 32 bits.
constexpr std::int64_t kMostTorchCuda = std::int64_t{1} << 29;

// Of cards by name, in any case of letters; nullptr where the name is not known.
const CudaGrid* find_cuda_card(const char* name);
int cuda_card_count();
const char* cuda_card_name(int index);

// The threads that draw `count` elements, at least 1.
std::int64_t torch_cuda_threads(std::int64_t count, const CudaGrid& grid);

// How far one torch.randn(count, device="cuda") moves the generator's Philox offset.
std::uint64_t torch_cuda_advance(std::int64_t count, const CudaGrid& grid);

// Elements first .. first + wanted of torch.randn(count, device="cuda") at `offset`, a multiple
// of 4.  A card takes its sine and cosine from a fast instruction, with an error of up to
// 2^-21 or so: the last digits are the card's own.
void fill_torch_cuda(float* out, std::int64_t first, std::int64_t wanted, std::int64_t count,
                     std::uint64_t seed, std::uint64_t offset, const CudaGrid& grid);

// --------------------------------------------------------------------- JAX and Nx

// jax.random.key(seed) with 64-bit types, and Nx.Random.key(seed).  JAX as it is by default keeps
// only the low 32 bits of a seed.
ThreefryKey threefry_key(std::uint64_t seed);

// Key `part` of split(key, parts).
ThreefryKey threefry_part(const ThreefryKey& key, ThreefryLayout layout, std::int64_t parts,
                          std::int64_t part);
// What split(key) gives; `first` may be `key`.
void threefry_split(const ThreefryKey& key, ThreefryLayout layout, ThreefryKey& first,
                    ThreefryKey& second);

// With halves, a tensor of more elements is another algorithm.
constexpr std::int64_t kMostThreefryHalves = 0xfffffffe;

// Elements first .. first + wanted of normal(key, shape of `count` elements) in float32, of the
// key as it is: the caller splits.
void fill_threefry(float* out, std::int64_t first, std::int64_t wanted, std::int64_t count,
                   const ThreefryKey& key, ThreefryLayout layout);

// ---------------------------------------------------------- the loops inside (fused.cpp)

MersenneTwister mersenne_twister(std::uint32_t seed);

// Without `out` the words are drawn and not written.
void draw_words(std::uint32_t* out, std::int64_t count, MersenneTwister& twister);
// Blocks of 16 as torch fills them.
void fill_torch_cpu(float* out, std::int64_t blocks, MersenneTwister& twister);

}  // namespace sched

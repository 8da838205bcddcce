// torch's generator on a CPU: at::CPUGeneratorImpl, at::normal_distribution<double> and
// at::native::normal_fill.

#include <cmath>

#include "reference_normals.hpp"

namespace sched {

namespace {

constexpr std::int64_t kBlock = 16;
constexpr double kTwoPi = 6.28318530717958647692;

// 53 bits of two words, in [0, 1).
double uniform(const std::uint32_t* words) {
  const std::uint64_t bits = std::uint64_t{words[0]} << 32 | words[1];
  return static_cast<double>(bits & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53;
}

void fill_block(double* out, MersenneTwister& twister) {
  std::uint32_t words[2 * kBlock];
  draw_words(words, 2 * kBlock, twister);
  for (int j = 0; j < kBlock / 2; ++j) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform(words + 2 * j)));
    const double angle = kTwoPi * uniform(words + 2 * j + kBlock);
    out[j] = radius * std::cos(angle);
    out[j + kBlock / 2] = radius * std::sin(angle);
  }
}

void fill_blocks(float* out, std::int64_t blocks, MersenneTwister& twister) {
  fill_torch_cpu(out, blocks, twister);
}

void fill_blocks(double* out, std::int64_t blocks, MersenneTwister& twister) {
  for (std::int64_t i = 0; i < blocks; ++i) fill_block(out + kBlock * i, twister);
}

void skip_words(std::int64_t count, MersenneTwister& twister) {
  draw_words(nullptr, count, twister);
}

// Words of a uniform number.
template <typename Value>
constexpr std::int64_t kWords = sizeof(Value) / sizeof(std::uint32_t);

// The uniform numbers behind the last whole block are drawn, and then the last 16 values anew.
template <typename Value>
void fill_whole(Value* out, std::int64_t count, MersenneTwister& twister) {
  const std::int64_t rest = count % kBlock;
  fill_blocks(out, count / kBlock, twister);
  if (rest == 0) return;
  skip_words(rest * kWords<Value>, twister);
  fill_blocks(out + count - kBlock, 1, twister);
}

template <typename Value>
void skip_whole(std::int64_t count, MersenneTwister& twister) {
  const std::int64_t anew = count % kBlock == 0 ? 0 : kBlock;
  skip_words((count + anew) * kWords<Value>, twister);
}

}  // namespace

TorchCpu::TorchCpu(std::uint64_t seed) noexcept
    : twister_(mersenne_twister(static_cast<std::uint32_t>(seed))) {}

double TorchCpu::one() noexcept {
  if (has_kept_ != 0) {
    has_kept_ = 0;
    return kept_;
  }
  std::uint32_t words[4];
  draw_words(words, 4, twister_);
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform(words + 2)));
  const double angle = kTwoPi * uniform(words);
  has_kept_ = 1;
  kept_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

template <typename Value>
void TorchCpu::fill_singly(Value* out, std::int64_t count) noexcept {
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<Value>(one());
}

// All but the last pair without its transform.
void TorchCpu::skip_singly(std::int64_t count) noexcept {
  if (count > 0 && has_kept_ != 0) {
    has_kept_ = 0;
    --count;
  }
  skip_words(count / 2 * 4, twister_);
  if (count % 2 == 1) one();
}

void TorchCpu::fill(float* out, std::int64_t count) noexcept {
  count < kBlock ? fill_singly(out, count) : fill_whole(out, count, twister_);
}

void TorchCpu::fill(double* out, std::int64_t count) noexcept {
  count < kBlock ? fill_singly(out, count) : fill_whole(out, count, twister_);
}

void TorchCpu::skip_floats(std::int64_t count) noexcept {
  count < kBlock ? skip_singly(count) : skip_whole<float>(count, twister_);
}

void TorchCpu::skip_doubles(std::int64_t count) noexcept {
  count < kBlock ? skip_singly(count) : skip_whole<double>(count, twister_);
}

}  // namespace sched

// The plan as shaders read it: the other side of shaders/plan.glsl, in std140.

#pragma once

#include <cstdint>

namespace sched::vulkan {

constexpr std::uint32_t kBlockInputs = 16;
constexpr std::uint32_t kBlockRows = 7;
constexpr std::uint32_t kBlockTerms = 40;
constexpr std::uint32_t kUniformBinding = 16;

enum class BlockSource : std::uint32_t { memory, noise, path, denoised };

struct BlockOperand {
  std::uint32_t where = 0;  // binding | type << 4 | source << 8
  std::uint32_t offset = 0;
  std::uint32_t stride = 0;
  float part = 0.0f;
};

struct PlanBlock {
  std::uint32_t item_elements = 0;
  std::uint32_t first = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t quads = 0;
  std::uint32_t inputs = 0;
  std::uint32_t rows = 0;
  std::uint32_t clip = 0;

  std::uint32_t gain = 0;
  std::uint32_t gain_input = 0;
  std::uint32_t masked = 0;
  std::uint32_t terms = 0;

  std::uint32_t group_elements = 0;
  std::uint32_t group_first = 0;
  std::uint32_t set_floats = 0;
  std::uint32_t has_denoised = 0;

  std::uint32_t items = 0;
  std::uint32_t denoised_at = 0;
  std::uint32_t known_at = 0;
  std::uint32_t gain_at = 0;

  std::uint32_t quantile_below = 0;
  float quantile_rest = 0.0f;
  float quantile_max = 0.0f;
  float clip_range = 0.0f;

  std::uint32_t measure = 0;
  float absolute = 0.0f;
  float relative = 0.0f;
  std::uint32_t spans = 0;

  std::uint32_t quantile_elements = 0;
  std::uint32_t noise_block = 0;
  std::uint32_t noise_skip = 0;
  std::uint32_t reserved = 0;

  BlockOperand header;
  BlockOperand limits;
  BlockOperand scratch;
  BlockOperand variance;
  BlockOperand mask;
  BlockOperand source[kBlockInputs];
  BlockOperand result[kBlockRows];
  std::uint32_t term[2 * kBlockTerms] = {};
};

// The table of weights follows: kTableFloats at most, as many as the shaders declare.
constexpr std::uint32_t kTableFloats = 4 * 900;

static_assert(sizeof(BlockOperand) == 16);
static_assert(sizeof(PlanBlock) == 128 + 28 * 16 + 320);
static_assert(sizeof(PlanBlock) + 4 * kTableFloats <= 16384, "what every device can bind");

}  // namespace sched::vulkan

// How a state's memory lies on the device: in blocks, each with so many elements of every row
// and a header, so that one binding covers all that a dispatch needs of it.

#pragma once

#include "../loop.hpp"
#include "device.hpp"

namespace sched::vulkan {

// To whole units.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// What a dispatch runs over: elements of the whole tensor.
struct Chunk {
  std::int64_t index;
  std::int64_t begin;
  std::int64_t end;
};

struct Layout {
  std::int64_t item_elements = 0;
  std::int64_t total = 0;           // elements of the tensor
  std::int64_t chunk_elements = 0;  // a multiple of 4
  std::int64_t chunks = 0;
  std::int64_t items = 0;  // of which a chunk may have a part
  int rows = 0;
  std::int64_t header_bytes = 0;
  std::int64_t block_bytes = 0;
  std::int64_t spans = 1;  // groups of invocations that measure an item

  Chunk chunk(std::int64_t index) const;
  // Within a block: seeds and path seeds (8 bytes for each item), limits (4).
  std::int64_t path_seeds_at() const { return 8 * items; }
  std::int64_t limits_at() const { return 16 * items; }
  std::int64_t row_at(int slot) const { return header_bytes + slot * plane_bytes(); }
  std::int64_t scratch_at() const { return row_at(rows); }
  // Of one tensor's part in a block of staging.
  std::int64_t plane_bytes() const { return 4 * chunk_elements; }
};

// Throws unsupported where the device cannot hold the shape.
Layout layout_of(const Loop& loop, const Limits& limits);

}  // namespace sched::vulkan

// A pass on a device, dispatch by dispatch: which bytes of which buffers it touches, and the
// plan as the shaders read it.

#pragma once

#include "../executor.hpp"
#include "layout.hpp"
#include "plan_block.hpp"

namespace sched::vulkan {

// Bytes of a buffer that a descriptor covers.
struct Window {
  std::uint64_t buffer = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// The buffers that the library lays out in blocks.  A Place in one of them has the number of
// a plane for its offset.
struct BlockedBuffer {
  std::uint64_t buffer = 0;
  std::int64_t block_bytes = 0;
  std::int64_t header_bytes = 0;
  std::int64_t plane_bytes = 0;
};

struct Dispatch {
  PlanBlock block;
  float table[kTableFloats];
  std::uint32_t table_floats = 0;
  Window window[kManyBuffers];
  std::uint32_t windows = 0;
  std::uint32_t items = 0;  // from the first that is run
  bool is_plain = false;
  bool has_quantile = false;

  std::size_t block_bytes() const { return sizeof block + 4 * table_floats; }
};

// A pass and how it is run.
struct Job {
  const Pass* pass = nullptr;
  const PartSource* parts = nullptr;  // weights that differ along an item
  std::int64_t groups = 0;
  const MeasureRule* measure = nullptr;
  Live live;
};

// Inputs that any part of the job uses.
Live live_of(const Job& job);

class DispatchBuilder {
 public:
  DispatchBuilder(const Layout& layout, const Limits& limits, std::uint32_t buffers,
                  const BlockedBuffer& arena, const BlockedBuffer& staging)
      : layout_(layout), limits_(limits), buffers_(buffers), arena_(arena), staging_(staging) {}

  // Elements `begin` .. `end`, all within one chunk.  Throws unsupported where they lie in
  // more separate buffers than the device has bindings.
  void build(const Job& job, const Chunk& chunk, std::int64_t begin, std::int64_t end,
             Dispatch& out) const;
  // Weights of one group.
  std::int64_t floats_for(const Job& job) const;
  // Each group is a dispatch: its quantile is its own.
  bool is_split(const Job& job) const;

 private:
  struct Use;
  class Uses;
  class Writer;

  const BlockedBuffer* blocked(const Place& place) const;

  const Layout& layout_;
  const Limits& limits_;
  std::uint32_t buffers_;
  const BlockedBuffer& arena_;
  const BlockedBuffer& staging_;
};

}  // namespace sched::vulkan

#include "layout.hpp"

#include <algorithm>

namespace sched::vulkan {

namespace {

constexpr std::int64_t kMaxItem = std::int64_t{1} << 31;
constexpr std::int64_t kMaxChunk = std::int64_t{1} << 28;
// Bytes for each element in a binding: five tensors of float32 in one, so that whatever a
// step of the host's takes fits in three.
constexpr std::int64_t kStagedBytes = 20;
constexpr std::int64_t kHeaderBytes = 20;  // for each item

// As many elements as a binding may cover, in whole vectors.
std::int64_t most_elements(const Loop& loop, const Limits& limits, bool scratch) {
  const auto range =
      static_cast<std::int64_t>(std::min<std::uint64_t>(limits.max_range, std::uint64_t{1} << 40));
  const std::int64_t planes = loop.memory_rows + (scratch ? 1 : 0);
  const std::int64_t headers = loop.elements >= kHeaderBytes ? 1 : kHeaderBytes;
  const std::int64_t bytes = std::max(4 * planes + headers, kStagedBytes);
  const std::int64_t slack = 4 * static_cast<std::int64_t>(limits.offset_alignment) + 256;
  return std::min((range - slack) / bytes, kMaxChunk) / 4 * 4;
}

}  // namespace

Chunk Layout::chunk(std::int64_t index) const {
  const std::int64_t begin = index * chunk_elements;
  return {index, begin, std::min(begin + chunk_elements, total)};
}

Layout layout_of(const Loop& loop, const Limits& limits) {
  if (loop.elements >= kMaxItem) {
    fail(Status::unsupported, "elements is ", loop.elements, "; on Vulkan at most ", kMaxItem - 1,
         " are allowed");
  }
  const bool scratch = loop.scheduler->factors.clip.mode == Clip::quantile;
  Layout layout;
  layout.item_elements = loop.elements;
  layout.total = loop.batch * loop.elements;
  layout.rows = loop.memory_rows;
  const std::int64_t most = most_elements(loop, limits, scratch);
  layout.chunk_elements = std::min(most, round_up(layout.total, 4));
  if ((scratch || loop.has_norms()) && layout.total > most) {
    // What is asked of whole items runs over whole items, and chunks are whole vectors.
    const std::int64_t unit = loop.elements % 4 == 0 ? 1 : loop.elements % 2 == 0 ? 2 : 4;
    layout.chunk_elements = most / loop.elements / unit * unit * loop.elements;
    if (layout.chunk_elements == 0) {
      fail(Status::unsupported, "elements is ", loop.elements, "; ", unit, " item",
           unit == 1 ? "" : "s", " of a method that looks at whole items must fit in the ",
           limits.max_range, " bytes that the device can bind, which is ", most / unit,
           " elements");
    }
  }
  layout.chunks = (layout.total + layout.chunk_elements - 1) / layout.chunk_elements;
  layout.items = std::min(layout.chunk_elements / loop.elements + 2, loop.batch);
  layout.header_bytes = round_up(kHeaderBytes * layout.items, 16);
  layout.block_bytes = round_up(layout.row_at(layout.rows + (scratch ? 1 : 0)), 256);
  layout.spans = std::clamp<std::int64_t>(loop.elements / (16 * kSharedGroup), 1, 64);
  return layout;
}

}  // namespace sched::vulkan

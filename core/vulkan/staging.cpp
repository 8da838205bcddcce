#include "staging.hpp"

#include <algorithm>
#include <cstring>

namespace sched::vulkan {

namespace {

constexpr int kFirstPlanes = 3;  // sample, prediction and next

}  // namespace

int Staging::plane_of(const Place& host, DType type, std::int64_t item_bytes, bool is_output) {
  for (int i = 0; i < planes_; ++i) {
    // `next` in place of `sample`.
    if (plane_[i].host.address() != host.address() || plane_[i].type != type) continue;
    plane_[i].is_output = plane_[i].is_output || is_output;
    return i;
  }
  plane_[planes_] = {host, type, item_bytes, !is_output, is_output};
  return planes_++;
}

template <typename Visit>
void Staging::each_place(const Job& job, Pass& pass, const Visit& visit) {
  for (int k = 0; k < job.live.count; ++k) {
    const Input name = job.live.input[k];
    Operand& operand = pass.input[index_of(name)];
    visit(operand.place, operand.type, operand.item_bytes, false);
    const bool gains =
        name == Input::noise0 && pass.plan != nullptr && pass.plan->gain.mode != GainMode::none;
    if (gains) visit(pass.variance.place, pass.variance.type, pass.variance.item_bytes, false);
  }
  visit(pass.mask.place, pass.mask.type, pass.mask.item_bytes, false);
  for (int r = 0; r < pass.rows; ++r) {
    visit(pass.row[r].place, pass.row[r].type, pass.row[r].item_bytes, true);
  }
}

void Staging::take(const Job& job, Pass& pass) {
  planes_ = 0;
  each_place(job, pass, [&](Place& place, DType type, std::int64_t item_bytes, bool is_output) {
    if (place.host != nullptr) plane_of(place, type, item_bytes, is_output);
  });
  reserve(planes_ + (job.measure != nullptr ? 1 : 0));
  each_place(job, pass, [&](Place& place, DType type, std::int64_t& item_bytes, bool is_output) {
    if (place.host == nullptr) return;
    place = {nullptr, places_.buffer, plane_of(place, type, item_bytes, is_output)};
    item_bytes = layout_.item_elements * static_cast<std::int64_t>(size_of(type));
  });
  for (int i = 0; i < planes_; ++i) {
    if (!plane_[i].is_input) continue;
    each_part(i, [](unsigned char* device, unsigned char* host, std::size_t bytes) {
      std::memcpy(device, host, bytes);
    });
  }
  buffer_->flush(0, buffer_->bytes());
}

void Staging::give() const {
  buffer_->invalidate(0, buffer_->bytes());
  for (int i = 0; i < planes_; ++i) {
    if (!plane_[i].is_output) continue;
    each_part(i, [](const unsigned char* device, unsigned char* host, std::size_t bytes) {
      std::memcpy(host, device, bytes);
    });
  }
}

void Staging::reserve(int planes) {
  if (planes <= capacity_) return;
  const int wanted = std::max(planes, kFirstPlanes);
  BlockedBuffer places;
  places.plane_bytes =
      round_up(std::max(layout_.plane_bytes(), 16 * layout_.items * layout_.spans), 16);
  places.block_bytes = wanted * places.plane_bytes;
  auto buffer = std::make_unique<Buffer>(
      device_, static_cast<std::uint64_t>(layout_.chunks * places.block_bytes), MemoryUse::shared);
  places.buffer = number_of(buffer->handle());
  buffer_ = std::move(buffer);
  places_ = places;
  capacity_ = wanted;
}

std::int64_t Staging::at(int plane, std::int64_t chunk) const {
  return chunk * places_.block_bytes + plane * places_.plane_bytes;
}

const float* Staging::sums(std::int64_t chunk) const {
  return reinterpret_cast<const float*>(buffer_->mapped() + at(planes_, chunk));
}

// Both sides of each stretch that lies in one chunk and one item.
template <typename Copy>
void Staging::each_part(int plane, const Copy& copy) const {
  const Plane& p = plane_[plane];
  const std::int64_t n = layout_.item_elements;
  const auto width = static_cast<std::int64_t>(size_of(p.type));
  const bool dense = p.item_bytes == n * width;
  for (std::int64_t c = 0; c < layout_.chunks; ++c) {
    const Chunk chunk = layout_.chunk(c);
    for (std::int64_t from = chunk.begin; from < chunk.end;) {
      const std::int64_t to = dense ? chunk.end : std::min(chunk.end, (from / n + 1) * n);
      const Place host = p.host.after(from / n * p.item_bytes + from % n * width);
      copy(buffer_->mapped() + at(plane, c) + (from - chunk.begin) * width,
           static_cast<unsigned char*>(host.address()),
           static_cast<std::size_t>((to - from) * width));
      from = to;
    }
  }
}

}  // namespace sched::vulkan

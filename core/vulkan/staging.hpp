// The caller's tensors on their way to the device and back: each a plane of a buffer that
// both see, chunk by chunk.

#pragma once

#include "buffer.hpp"
#include "dispatch.hpp"

namespace sched::vulkan {

class Staging {
 public:
  // Without planes yet.
  // cppcheck-suppress uninitMemberVar
  Staging(std::shared_ptr<Device> device, const Layout& layout)
      : device_(std::move(device)), layout_(layout) {}

  // Replaces the places of the host in a pass by planes, and copies the inputs that it uses.
  // Grows where the planes do not suffice.  Throws Error.
  void take(const Job& job, Pass& pass);
  // Copies the rows that lie in host memory back.
  void give() const;

  // A plane for the sums of a measured step, and what was summed up there, valid after give().
  Place sums_place() const { return {nullptr, places_.buffer, planes_}; }
  const float* sums(std::int64_t chunk) const;

  const BlockedBuffer& places() const { return places_; }
  std::int64_t bytes() const { return buffer_ ? static_cast<std::int64_t>(buffer_->bytes()) : 0; }

 private:
  struct Plane {
    Place host;
    DType type;
    std::int64_t item_bytes;
    bool is_input, is_output;
  };

  template <typename Visit>
  void each_place(const Job& job, Pass& pass, const Visit& visit);
  int plane_of(const Place& host, DType type, std::int64_t item_bytes, bool is_output);
  void reserve(int planes);
  std::int64_t at(int plane, std::int64_t chunk) const;
  template <typename Copy>
  void each_part(int plane, const Copy& copy) const;

  std::shared_ptr<Device> device_;
  const Layout& layout_;
  std::unique_ptr<Buffer> buffer_;
  BlockedBuffer places_;
  int capacity_ = 0;
  static constexpr int kMostPlanes = 16;
  Plane plane_[kMostPlanes];
  int planes_ = 0;
};

}  // namespace sched::vulkan

// Buffers of the application's, with tensors in them and guards around the tensors.

#ifndef SCHED_TESTS_VULKAN_BUFFERS_HPP_
#define SCHED_TESTS_VULKAN_BUFFERS_HPP_

#include "application.hpp"

namespace vulkan_test {

// Memory that the host sees, mapped, and filled with a pattern.
class Buffer {
 public:
  Buffer(Application& app, std::uint64_t bytes);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  VkBuffer handle() const { return buffer_; }
  std::uint64_t bytes() const { return bytes_; }
  unsigned char* mapped() const { return mapped_; }
  VkDevice device() const { return app_.device(); }

  // A tensor's bytes, which may change.
  void claim(std::uint64_t begin, std::uint64_t end) { claimed_.push_back({begin, end}); }
  // Is every other byte as it was?
  testing::AssertionResult guards_intact() const;

 private:
  Application& app_;
  std::uint64_t bytes_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  unsigned char* mapped_ = nullptr;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> claimed_;
};

// A tensor within a buffer.
struct DeviceTensor {
  Buffer* buffer = nullptr;
  sched_vulkan_tensor view = SCHED_VULKAN_TENSOR_INIT;

  std::size_t size_in_bytes() const {
    return static_cast<std::size_t>(view.batch * view.elements) * bytes_of(view.dtype);
  }
  unsigned char* data() const { return buffer->mapped() + view.offset; }
  void put(const Tensor& tensor) const;
  Tensor get() const;
};

// `place` puts a tensor at an offset.
DeviceTensor place(Buffer& buffer, std::uint64_t offset, std::int32_t dtype, std::int64_t batch,
                   std::int64_t elements);

// How the tensors of a step lie.
struct Arrangement {
  bool one_buffer = false;
  bool is_aligned = true;  // on 16 bytes, else on 4 only
  bool in_place = false;   // next is sample
};
std::ostream& operator<<(std::ostream& out, const Arrangement& arrangement);
const std::vector<Arrangement>& every_arrangement();

// Room for the tensors of a step.
class Workspace {
 public:
  // `largest` bytes of one tensor, `count` tensors.
  Workspace(Application& app, const Arrangement& arrangement, std::uint64_t largest, int count);

  // A new tensor, with what `values` holds.  Stays where it is.
  const sched_vulkan_tensor* add(const Tensor& values);
  const DeviceTensor& at(const sched_vulkan_tensor* view) const;
  testing::AssertionResult guards_intact() const;

 private:
  Application& app_;
  Arrangement arrangement_;
  std::uint64_t stride_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<std::unique_ptr<DeviceTensor>> tensors_;
};

}  // namespace vulkan_test

#endif  // SCHED_TESTS_VULKAN_BUFFERS_HPP_

#include "buffers.hpp"

#include <algorithm>
#include <stdexcept>

namespace vulkan_test {

namespace {

constexpr std::uint64_t kGuard = 64;  // bytes before and after a tensor, at least

unsigned char pattern(std::uint64_t at) { return static_cast<unsigned char>(0xa5 + 37 * at); }

std::uint32_t choose_memory(const Application& app, std::uint32_t allowed) {
  constexpr VkMemoryPropertyFlags kWanted =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (std::uint32_t i = 0; i < app.memory().memoryTypeCount; ++i) {
    const VkMemoryPropertyFlags flags = app.memory().memoryTypes[i].propertyFlags;
    if ((allowed >> i & 1u) != 0 && (flags & kWanted) == kWanted) return i;
  }
  throw std::runtime_error("no coherent memory, which every device must have");
}

}  // namespace

Buffer::Buffer(Application& app, std::uint64_t bytes) : app_(app), bytes_(bytes) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  check(vkCreateBuffer(app.device(), &info, nullptr, &buffer_), "vkCreateBuffer");
  VkMemoryRequirements needed;
  vkGetBufferMemoryRequirements(app.device(), buffer_, &needed);
  VkMemoryAllocateInfo wanted{};
  wanted.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  wanted.allocationSize = needed.size;
  wanted.memoryTypeIndex = choose_memory(app, needed.memoryTypeBits);
  check(vkAllocateMemory(app.device(), &wanted, nullptr, &memory_), "vkAllocateMemory");
  check(vkBindBufferMemory(app.device(), buffer_, memory_, 0), "vkBindBufferMemory");
  void* mapped = nullptr;
  check(vkMapMemory(app.device(), memory_, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
  mapped_ = static_cast<unsigned char*>(mapped);
  for (std::uint64_t i = 0; i < bytes; ++i) mapped_[i] = pattern(i);
}

Buffer::~Buffer() {
  vkDestroyBuffer(app_.device(), buffer_, nullptr);
  vkFreeMemory(app_.device(), memory_, nullptr);
}

testing::AssertionResult Buffer::guards_intact() const {
  std::vector<bool> is_claimed(static_cast<std::size_t>(bytes_), false);
  for (const auto& [begin, end] : claimed_)
    std::fill(is_claimed.begin() + static_cast<std::ptrdiff_t>(begin),
              is_claimed.begin() + static_cast<std::ptrdiff_t>(end), true);
  for (std::uint64_t i = 0; i < bytes_; ++i) {
    if (is_claimed[static_cast<std::size_t>(i)] || mapped_[i] == pattern(i)) continue;
    return testing::AssertionFailure() << "byte " << i << " of " << bytes_ << " was overwritten";
  }
  return testing::AssertionSuccess();
}

void DeviceTensor::put(const Tensor& tensor) const {
  std::memcpy(data(), tensor.view().data, size_in_bytes());
}

Tensor DeviceTensor::get() const {
  Tensor tensor(view.dtype, view.batch, view.elements);
  std::memcpy(tensor.view().data, data(), size_in_bytes());
  return tensor;
}

DeviceTensor place(Buffer& buffer, std::uint64_t offset, std::int32_t dtype, std::int64_t batch,
                   std::int64_t elements) {
  DeviceTensor tensor;
  tensor.buffer = &buffer;
  tensor.view.dtype = dtype;
  tensor.view.device = buffer.device();
  tensor.view.buffer = buffer.handle();
  tensor.view.offset = offset;
  tensor.view.buffer_size = buffer.bytes();
  tensor.view.batch = batch;
  tensor.view.elements = elements;
  buffer.claim(offset, offset + tensor.size_in_bytes());
  return tensor;
}

std::ostream& operator<<(std::ostream& out, const Arrangement& a) {
  return out << (a.one_buffer ? "one buffer" : "buffers apart")
             << (a.is_aligned ? "" : ", odd words") << (a.in_place ? ", in place" : "");
}

const std::vector<Arrangement>& every_arrangement() {
  static const std::vector<Arrangement> all = {
      {false, true, false}, {false, false, true}, {true, true, true}, {true, false, false}};
  return all;
}

Workspace::Workspace(Application& app, const Arrangement& arrangement, std::uint64_t largest,
                     int count)
    : app_(app),
      arrangement_(arrangement),
      stride_((largest + 15) / 16 * 16 + kGuard + (arrangement.is_aligned ? 0 : 4)) {
  if (!arrangement.one_buffer) return;
  const std::uint64_t bytes = stride_ * static_cast<std::uint64_t>(count) + 2 * kGuard;
  buffers_.push_back(std::make_unique<Buffer>(app, bytes));
}

const sched_vulkan_tensor* Workspace::add(const Tensor& values) {
  std::uint64_t offset = kGuard + (arrangement_.is_aligned ? 0 : 4);
  if (arrangement_.one_buffer) {
    offset += stride_ * tensors_.size();
  } else {
    buffers_.push_back(std::make_unique<Buffer>(app_, stride_ + kGuard));
  }
  tensors_.push_back(std::make_unique<DeviceTensor>(
      place(*buffers_.back(), offset, values.dtype(), values.batch(), values.elements())));
  tensors_.back()->put(values);
  return &tensors_.back()->view;
}

const DeviceTensor& Workspace::at(const sched_vulkan_tensor* view) const {
  for (const auto& tensor : tensors_)
    if (&tensor->view == view) return *tensor;
  throw std::runtime_error("not a tensor of this workspace");
}

testing::AssertionResult Workspace::guards_intact() const {
  for (const auto& buffer : buffers_) {
    const testing::AssertionResult result = buffer->guards_intact();
    if (!result) return result;
  }
  return testing::AssertionSuccess();
}

}  // namespace vulkan_test

#include "buffer.hpp"

#include <algorithm>
#include <cstring>

#include "../status.hpp"

namespace sched::vulkan {

namespace {

constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kVisible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
constexpr VkMemoryPropertyFlags kCoherent = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

struct Wish {
  VkMemoryPropertyFlags needed, wanted, unwanted;
};

// The host reads slowly what is not cached, and there is little memory that both the device
// and the host are close to.
Wish wish_for(MemoryUse use) {
  switch (use) {
    case MemoryUse::upload:
      return {kVisible, kLocal | kCoherent, kCached};
    case MemoryUse::shared:
      return {kVisible, kCached | kCoherent, kLocal};
    case MemoryUse::device:
      break;
  }
  return {0, kLocal, kVisible};
}

int count_bits(VkMemoryPropertyFlags flags) {
  int count = 0;
  for (; flags != 0; flags &= flags - 1) ++count;
  return count;
}

}  // namespace

// What is copied are the bytes of the handle itself.
// NOLINTBEGIN(bugprone-sizeof-expression)
std::uint64_t number_of(VkBuffer buffer) {
  std::uint64_t number = 0;
  static_assert(sizeof buffer <= sizeof number);
  std::memcpy(&number, &buffer, sizeof buffer);
  return number;
}

VkBuffer buffer_of(std::uint64_t number) {
  VkBuffer buffer = VK_NULL_HANDLE;
  std::memcpy(&buffer, &number, sizeof buffer);
  return buffer;
}
// NOLINTEND(bugprone-sizeof-expression)

Buffer::Buffer(std::shared_ptr<Device> device, std::uint64_t bytes, MemoryUse use)
    : device_(std::move(device)), bytes_(bytes) {
  const DeviceFunctions& vk = device_->functions();
  try {
    VkBufferCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.size = bytes;
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    check(vk.vkCreateBuffer(device_->handle(), &info, device_->allocator(), &buffer_),
          "vkCreateBuffer");
    VkMemoryRequirements needs{};
    vk.vkGetBufferMemoryRequirements(device_->handle(), buffer_, &needs);
    VkMemoryAllocateInfo wanted{};
    wanted.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    wanted.allocationSize = allocated_ = needs.size;
    wanted.memoryTypeIndex = choose_memory(needs.memoryTypeBits, use);
    check(vk.vkAllocateMemory(device_->handle(), &wanted, device_->allocator(), &memory_),
          "vkAllocateMemory");
    check(vk.vkBindBufferMemory(device_->handle(), buffer_, memory_, 0), "vkBindBufferMemory");
    if (use == MemoryUse::device) return;
    void* mapped = nullptr;
    check(vk.vkMapMemory(device_->handle(), memory_, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
    mapped_ = static_cast<unsigned char*>(mapped);
    const VkMemoryPropertyFlags flags =
        device_->memory().memoryTypes[wanted.memoryTypeIndex].propertyFlags;
    is_coherent_ = (flags & kCoherent) != 0 && !device_->limits().is_non_coherent;
  } catch (...) {
    release();
    throw;
  }
}

Buffer::~Buffer() { release(); }

void Buffer::release() {
  const DeviceFunctions& vk = device_->functions();
  vk.vkDestroyBuffer(device_->handle(), buffer_, device_->allocator());
  vk.vkFreeMemory(device_->handle(), memory_, device_->allocator());  // unmaps it
}

std::uint32_t Buffer::choose_memory(std::uint32_t allowed, MemoryUse use) const {
  const VkPhysicalDeviceMemoryProperties& memory = device_->memory();
  const Wish wish = wish_for(use);
  std::uint32_t best = memory.memoryTypeCount;
  int best_score = -1000;
  for (std::uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
    if ((allowed >> i & 1u) == 0 || (flags & wish.needed) != wish.needed) continue;
    const int score = 2 * count_bits(flags & wish.wanted) - count_bits(flags & wish.unwanted);
    if (score <= best_score) continue;
    best = i;
    best_score = score;
  }
  if (best == memory.memoryTypeCount) {
    fail(Status::unsupported, "the device has no memory that a buffer of ", bytes_,
         " bytes for the host could lie in");
  }
  return best;
}

// Whole atoms, but not beyond the memory.
VkMappedMemoryRange Buffer::whole_atoms(std::uint64_t offset, std::uint64_t size) const {
  const std::uint64_t atom = device_->limits().atom;
  const std::uint64_t begin = offset / atom * atom;
  const std::uint64_t end = (offset + size + atom - 1) / atom * atom;
  VkMappedMemoryRange range{};
  range.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE;
  range.memory = memory_;
  range.offset = begin;
  range.size = end >= allocated_ ? VK_WHOLE_SIZE : end - begin;
  return range;
}

void Buffer::flush(std::uint64_t offset, std::uint64_t size) const {
  if (is_coherent_ || size == 0) return;
  const VkMappedMemoryRange range = whole_atoms(offset, size);
  check(device_->functions().vkFlushMappedMemoryRanges(device_->handle(), 1, &range),
        "vkFlushMappedMemoryRanges");
}

void Buffer::invalidate(std::uint64_t offset, std::uint64_t size) const {
  if (is_coherent_ || size == 0) return;
  const VkMappedMemoryRange range = whole_atoms(offset, size);
  check(device_->functions().vkInvalidateMappedMemoryRanges(device_->handle(), 1, &range),
        "vkInvalidateMappedMemoryRanges");
}

}  // namespace sched::vulkan

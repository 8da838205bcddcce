#include "recorder.hpp"

#include <algorithm>
#include <cstring>

namespace sched::vulkan {

Recorder::Recorder(std::shared_ptr<Device> device, std::int64_t slots, std::int64_t slot_bytes)
    : device_(std::move(device)),
      pipelines_(device_->pipelines()),
      slot_bytes_(slot_bytes),
      uniforms_(device_, static_cast<std::uint64_t>(slots * slot_bytes), MemoryUse::upload) {
  const DeviceFunctions& vk = device_->functions();
  const auto count = static_cast<std::uint32_t>(slots);
  const VkDescriptorPoolSize sizes[] = {
      {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, count * device_->buffers()},
      {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, count}};
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = count;
  info.poolSizeCount = 2;
  info.pPoolSizes = sizes;
  check(vk.vkCreateDescriptorPool(device_->handle(), &info, device_->allocator(), &pool_),
        "vkCreateDescriptorPool");
  try {
    sets_.resize(count);
    const std::vector<VkDescriptorSetLayout> layouts(count, device_->set_layout());
    VkDescriptorSetAllocateInfo wanted{};
    wanted.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
    wanted.descriptorPool = pool_;
    wanted.descriptorSetCount = count;
    wanted.pSetLayouts = layouts.data();
    check(vk.vkAllocateDescriptorSets(device_->handle(), &wanted, sets_.data()),
          "vkAllocateDescriptorSets");
  } catch (...) {
    vk.vkDestroyDescriptorPool(device_->handle(), pool_, device_->allocator());
    throw;
  }
}

Recorder::~Recorder() {
  device_->functions().vkDestroyDescriptorPool(device_->handle(), pool_, device_->allocator());
}

void Recorder::record(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
                      const Window& unused) {
  bind(commands, dispatch, slot, unused);
  record_barrier(commands);
  const PlanBlock& block = dispatch.block;
  if (dispatch.has_quantile) {
    const std::uint32_t elements = block.quantile_elements;
    run(commands, pipelines_.quantile, (block.end - block.begin + elements - 1) / elements);
    record_barrier(commands);
  }
  const VkPipeline plain =
      dispatch.is_plain ? device_->find_plain(block.inputs, block.rows) : VK_NULL_HANDLE;
  const std::uint32_t size = device_->limits().group_size;
  run(commands, plain != VK_NULL_HANDLE ? plain : pipelines_.combine,
      (block.quads + size - 1) / size);
}

void Recorder::record_measure(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
                              const Window& unused) {
  bind(commands, dispatch, slot, unused);
  record_barrier(commands);
  run(commands, pipelines_.measure, std::uint64_t{dispatch.items} * dispatch.block.spans);
}

void Recorder::write(const Dispatch& dispatch, std::int64_t slot) {
  const auto at = static_cast<std::uint64_t>(slot * slot_bytes_);
  std::memcpy(uniforms_.mapped() + at, &dispatch.block, sizeof dispatch.block);
  std::memcpy(uniforms_.mapped() + at + sizeof dispatch.block, dispatch.table,
              4 * dispatch.table_floats);
  uniforms_.flush(at, dispatch.block_bytes());
}

void Recorder::bind(VkCommandBuffer commands, const Dispatch& dispatch, std::int64_t slot,
                    const Window& unused) {
  const DeviceFunctions& vk = device_->functions();
  const auto at = static_cast<std::uint64_t>(slot * slot_bytes_);
  VkDescriptorBufferInfo buffers[kManyBuffers + 1];
  const std::uint32_t count = device_->buffers();
  for (std::uint32_t i = 0; i < count; ++i) {
    const Window& window = i < dispatch.windows ? dispatch.window[i] : unused;
    buffers[i] = {buffer_of(window.buffer), static_cast<std::uint64_t>(window.begin),
                  static_cast<std::uint64_t>(window.end - window.begin)};
  }
  buffers[count] = {uniforms_.handle(), at, static_cast<std::uint64_t>(slot_bytes_)};
  VkDescriptorSet set = sets_[static_cast<std::size_t>(slot)];
  VkWriteDescriptorSet writes[2] = {};
  for (VkWriteDescriptorSet& write : writes) {
    write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    write.dstSet = set;
  }
  // Consecutive bindings of one type in one write.
  writes[0].descriptorCount = count;
  writes[0].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  writes[0].pBufferInfo = buffers;
  writes[1].dstBinding = kUniformBinding;
  writes[1].descriptorCount = 1;
  writes[1].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
  writes[1].pBufferInfo = buffers + count;
  vk.vkUpdateDescriptorSets(device_->handle(), 2, writes, 0, nullptr);
  vk.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, device_->pipeline_layout(),
                             0, 1, &set, 0, nullptr);
}

// In two dimensions where one has too many groups.
void Recorder::run(VkCommandBuffer commands, VkPipeline pipeline, std::uint64_t groups) const {
  const std::uint64_t most = device_->limits().max_group_count;
  const std::uint64_t across = std::min(groups, most);
  const std::uint64_t down = (groups + across - 1) / across;
  const DeviceFunctions& vk = device_->functions();
  vk.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vk.vkCmdDispatch(commands, static_cast<std::uint32_t>(across), static_cast<std::uint32_t>(down),
                   1);
}

void Recorder::record_barrier(VkCommandBuffer commands) const {
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                          VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  constexpr VkPipelineStageFlags kStages =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  device_->functions().vkCmdPipelineBarrier(commands, kStages, kStages, 0, 1, &barrier, 0, nullptr,
                                            0, nullptr);
}

}  // namespace sched::vulkan

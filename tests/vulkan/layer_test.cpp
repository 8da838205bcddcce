// The other tests prove nothing where the validation layer is silent: it is made to speak here.

#include "buffers.hpp"

namespace vulkan_test {
namespace {

using Layer = Validated<testing::Test>;

bool any_has(const std::vector<std::string>& messages, const std::string& word) {
  for (const std::string& message : messages)
    if (message.find(word) != std::string::npos) return true;
  return false;
}

TEST_F(Layer, TellsOfMisuse) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  VkBuffer buffer = VK_NULL_HANDLE;
  if (vkCreateBuffer(app().device(), &info, nullptr, &buffer) == VK_SUCCESS)
    vkDestroyBuffer(app().device(), buffer, nullptr);
  EXPECT_TRUE(any_has(app().take_messages(), "VUID-VkBufferCreateInfo-size")) << "size 0";
}

// Two copies into the same bytes without a barrier.
TEST_F(Layer, TellsOfHazards) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT;
  info.size = 1024;
  VkBuffer buffer = VK_NULL_HANDLE;
  ASSERT_EQ(vkCreateBuffer(app().device(), &info, nullptr, &buffer), VK_SUCCESS);
  VkMemoryRequirements needed;
  vkGetBufferMemoryRequirements(app().device(), buffer, &needed);
  VkMemoryAllocateInfo wanted{};
  wanted.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  wanted.allocationSize = needed.size;
  while ((needed.memoryTypeBits >> wanted.memoryTypeIndex & 1u) == 0) ++wanted.memoryTypeIndex;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  ASSERT_EQ(vkAllocateMemory(app().device(), &wanted, nullptr, &memory), VK_SUCCESS);
  ASSERT_EQ(vkBindBufferMemory(app().device(), buffer, memory, 0), VK_SUCCESS);
  VkCommandBuffer commands = app().begin();
  vkCmdFillBuffer(commands, buffer, 0, 512, 1);
  vkCmdFillBuffer(commands, buffer, 256, 512, 2);
  app().discard(commands);
  EXPECT_TRUE(any_has(app().take_messages(), "SYNC-HAZARD-WRITE"));
  vkDestroyBuffer(app().device(), buffer, nullptr);
  vkFreeMemory(app().device(), memory, nullptr);
}

// Between a recorded step and a copy of what it wrote the application puts a barrier; without
// it the layer tells, so it sees what the library's shaders write.
TEST_F(Layer, SeesTheShadersOfTheLibrary) {
  const Config& config = config_named("euler");
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(), options));
  Workspace workspace(app(), {}, 1024, 1);
  const sched_vulkan_tensor* out = workspace.add(Tensor(SCHED_F32, 2, 37));
  VkCommandBuffer commands = app().begin();
  ASSERT_EQ(sched_vulkan_record_initial_noise(shared_context(), state.get(), commands, out),
            SCHED_OK);
  vkCmdFillBuffer(commands, out->buffer, 0, VK_WHOLE_SIZE, 0);
  app().discard(commands);
  EXPECT_TRUE(any_has(app().take_messages(), "SYNC-HAZARD-WRITE"));
}

}  // namespace
}  // namespace vulkan_test

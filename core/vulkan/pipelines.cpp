// The library's shaders as pipelines of a device: one layout for all, compiled when the first
// state needs them.

#include <algorithm>
#include <array>

#include "../status.hpp"
#include "device.hpp"
#include "plan_block.hpp"
#include "spirv.hpp"

namespace sched::vulkan {

namespace {

// Needed only while a pipeline is made of it.
class Module {
 public:
  Module(const Device& device, VkShaderModule module) : device_(device), module_(module) {}
  ~Module() {
    device_.functions().vkDestroyShaderModule(device_.handle(), module_, device_.allocator());
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  VkShaderModule handle() const { return module_; }

 private:
  const Device& device_;
  VkShaderModule module_;
};

VkShaderModuleCreateInfo module_info(const Spirv& spirv) {
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = spirv.bytes;
  info.pCode = spirv.words;
  return info;
}

VkDescriptorSetLayoutBinding binding_of(std::uint32_t binding, VkDescriptorType type) {
  return {binding, type, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
}

}  // namespace

void Device::make_layouts() {
  std::vector<VkDescriptorSetLayoutBinding> bindings;
  for (std::uint32_t i = 0; i < buffers(); ++i) {
    bindings.push_back(binding_of(i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER));
  }
  bindings.push_back(binding_of(kUniformBinding, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER));
  VkDescriptorSetLayoutCreateInfo set{};
  set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set.bindingCount = static_cast<std::uint32_t>(bindings.size());
  set.pBindings = bindings.data();
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
  check(functions_.vkCreateDescriptorSetLayout(device_, &set, allocator(), &set_layout),
        "vkCreateDescriptorSetLayout");
  set_layout_ = set_layout;

  VkPipelineLayoutCreateInfo pipeline{};
  pipeline.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  pipeline.setLayoutCount = 1;
  pipeline.pSetLayouts = &set_layout_;
  VkPipelineLayout pipeline_layout = VK_NULL_HANDLE;
  check(functions_.vkCreatePipelineLayout(device_, &pipeline, allocator(), &pipeline_layout),
        "vkCreatePipelineLayout");
  pipeline_layout_ = pipeline_layout;
}

VkPipeline Device::make_pipeline(Shader shader, std::uint32_t plain_inputs,
                                 std::uint32_t plain_rows) {
  const VkShaderModuleCreateInfo code = module_info(spirv_of(shader, buffers() == kManyBuffers));
  VkShaderModule handle = VK_NULL_HANDLE;
  check_device(functions_.vkCreateShaderModule(device_, &code, allocator(), &handle),
               "vkCreateShaderModule");
  const Module module(*this, handle);

  // By constant_id; a shader that has no such constant ignores it.
  const std::uint32_t group =
      shader == Shader::combine ? limits_.group_size : std::min(limits_.group_size, kSharedGroup);
  const std::array<std::uint32_t, 3> constants = {group, plain_inputs, plain_rows};
  constexpr std::uint32_t kSize = sizeof constants[0];
  const VkSpecializationMapEntry entries[] = {
      {0, 0, kSize}, {1, kSize, kSize}, {2, 2 * kSize, kSize}};
  const VkSpecializationInfo specialization = {3, entries, sizeof constants, constants.data()};

  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module.handle();
  info.stage.pName = "main";
  info.stage.pSpecializationInfo = &specialization;
  info.layout = pipeline_layout_;
  VkPipeline pipeline = VK_NULL_HANDLE;
  check_device(
      functions_.vkCreateComputePipelines(device_, cache_, 1, &info, allocator(), &pipeline),
      "vkCreateComputePipelines");
  return pipeline;
}

const Pipelines& Device::pipelines() {
  const std::lock_guard<std::mutex> guard(pipeline_mutex_);
  if (compiled_) return pipelines_;
  if (cache_ == VK_NULL_HANDLE) cache_ = make_cache(nullptr, 0);
  try {
    pipelines_.combine = make_pipeline(Shader::combine, 0, 0);
    pipelines_.quantile = make_pipeline(Shader::quantile, 0, 0);
    pipelines_.measure = make_pipeline(Shader::measure, 0, 0);
  } catch (...) {
    // Whoever asks next tries again.
    destroy_pipelines();
    throw;
  }
  compiled_ = true;
  return pipelines_;
}

void Device::prepare_plain(std::uint32_t inputs, std::uint32_t rows) {
  if (inputs < 1 || inputs > kPlainInputs || rows < 1 || rows > kPlainRows) return;
  pipelines();
  const std::lock_guard<std::mutex> guard(pipeline_mutex_);
  std::atomic<VkPipeline>& pipeline = plain_[inputs - 1][rows - 1];
  if (pipeline == VK_NULL_HANDLE) pipeline = make_pipeline(Shader::combine, inputs, rows);
}

VkPipeline Device::find_plain(std::uint32_t inputs, std::uint32_t rows) const {
  if (inputs < 1 || inputs > kPlainInputs || rows < 1 || rows > kPlainRows) return VK_NULL_HANDLE;
  return plain_[inputs - 1][rows - 1];
}

void Device::destroy_pipelines() {
  const auto destroy = [this](VkPipeline pipeline) {
    if (pipeline != VK_NULL_HANDLE) functions_.vkDestroyPipeline(device_, pipeline, allocator());
  };
  for (VkPipeline* pipeline : {&pipelines_.combine, &pipelines_.quantile, &pipelines_.measure}) {
    destroy(*pipeline);
    *pipeline = VK_NULL_HANDLE;
  }
  for (auto& rows : plain_) {
    for (std::atomic<VkPipeline>& pipeline : rows) destroy(pipeline.exchange(VK_NULL_HANDLE));
  }
}

}  // namespace sched::vulkan

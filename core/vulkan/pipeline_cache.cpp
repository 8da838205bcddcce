// The pipelines that the driver compiled, kept by the application: see cache_bytes.cpp.

#include "../status.hpp"
#include "cache_bytes.hpp"
#include "device.hpp"

namespace sched::vulkan {

VkPipelineCache Device::make_cache(const unsigned char* bytes, std::size_t size) {
  VkPipelineCacheCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  info.initialDataSize = size;
  info.pInitialData = bytes;
  VkPipelineCache cache = VK_NULL_HANDLE;
  check_device(functions_.vkCreatePipelineCache(device_, &info, allocator(), &cache),
               "vkCreatePipelineCache");
  return cache;
}

std::vector<unsigned char> Device::cache_bytes() {
  pipelines();
  const std::lock_guard<std::mutex> guard(pipeline_mutex_);
  std::size_t size = 0;
  check_device(functions_.vkGetPipelineCacheData(device_, cache_, &size, nullptr),
               "vkGetPipelineCacheData");
  std::vector<unsigned char> driver(size);
  check_device(functions_.vkGetPipelineCacheData(device_, cache_, &size, driver.data()),
               "vkGetPipelineCacheData");
  driver.resize(size);
  return wrap_cache(driver, properties_);
}

void Device::set_cache(const unsigned char* bytes, std::uint64_t size) {
  const DriverBytes driver = unwrap_cache(bytes, size, properties_);

  const std::lock_guard<std::mutex> guard(pipeline_mutex_);
  if (compiled_) {
    fail(Status::conflict,
         "the pipelines are compiled already; set the cache before the first state is made");
  }
  const VkPipelineCache made = make_cache(driver.data, driver.size);
  if (cache_ != VK_NULL_HANDLE) functions_.vkDestroyPipelineCache(device_, cache_, allocator());
  cache_ = made;
}

}  // namespace sched::vulkan

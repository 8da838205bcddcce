// The check of a pipeline cache, on its inside: no driver sees these bytes.

#include "../../core/status.hpp"
#include "../../core/vulkan/cache_bytes.hpp"
#include "cache_device.hpp"
#include "support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<unsigned char> bytes(data, data + size);
  const VkPhysicalDeviceProperties device = fuzz::cache_device();
  try {
    const auto driver = sched::vulkan::unwrap_cache(bytes.data(), bytes.size(), device);
    const std::vector<unsigned char> inner(driver.data, driver.data + driver.size);
    fuzz::demand(sched::vulkan::wrap_cache(inner, device) == bytes,
                 "what is taken up is what would be given out");
  } catch (const sched::Error& error) {
    fuzz::check_status(static_cast<sched_status>(error.status()));
    fuzz::check_sentence(error.what());
  }
  return 0;
}

/* Stands where the library looks for Vulkan's loader: see own_loader.cpp. */
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance,
                                                               const char* name);

/* Of the test program, which sets it. */
PFN_vkGetInstanceProcAddr sched_test_loader;

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance,
                                                               const char* name) {
  return sched_test_loader(instance, name);
}

// An instance of the library's own: as plain as Vulkan allows, without layers, and with devices
// that are not fully conformant (MoltenVK) where the loader would hide them.

#include "instance.hpp"

#include <algorithm>
#include <cstring>

#include "../status.hpp"
#include "device.hpp"
#include "loader.hpp"

namespace sched::vulkan {

namespace {

template <typename Function>
Function global_function(PFN_vkGetInstanceProcAddr load, VkInstance instance, const char* name) {
  return reinterpret_cast<Function>(load(instance, name));
}

// A list may grow between the call that counts and the call that reads: then once more, but a
// broken driver may say so for ever.
constexpr int kMostReadings = 16;

template <typename Item, typename Enumerate>
std::vector<Item> read_list(const char* call, const Enumerate& enumerate) {
  std::vector<Item> items;
  VkResult result = VK_INCOMPLETE;
  for (int reading = 0; result == VK_INCOMPLETE && reading < kMostReadings; ++reading) {
    std::uint32_t count = 0;
    check(enumerate(&count, nullptr), call);
    items.assign(count, Item{});
    result = enumerate(&count, items.data());
    items.resize(count);
  }
  check(result, call);
  return items;
}

bool has_extension(const std::vector<VkExtensionProperties>& extensions, const char* name) {
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& extension) {
    return std::strcmp(extension.extensionName, name) == 0;
  });
}

bool offers_portability(PFN_vkGetInstanceProcAddr load) {
  const auto enumerate = global_function<PFN_vkEnumerateInstanceExtensionProperties>(
      load, VK_NULL_HANDLE, "vkEnumerateInstanceExtensionProperties");
  if (enumerate == nullptr) return false;
  const auto extensions =
      read_list<VkExtensionProperties>("vkEnumerateInstanceExtensionProperties",
                                       [&](std::uint32_t* count, VkExtensionProperties* items) {
                                         return enumerate(nullptr, count, items);
                                       });
  return has_extension(extensions, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
}

// 1.0 is all that the library uses; 1.1 has what device extensions build upon.
std::uint32_t api_version(PFN_vkGetInstanceProcAddr load) {
  const auto enumerate = global_function<PFN_vkEnumerateInstanceVersion>(
      load, VK_NULL_HANDLE, "vkEnumerateInstanceVersion");
  std::uint32_t version = VK_API_VERSION_1_0;
  if (enumerate == nullptr || enumerate(&version) != VK_SUCCESS) return VK_API_VERSION_1_0;
  return version >= VK_API_VERSION_1_1 ? VK_API_VERSION_1_1 : VK_API_VERSION_1_0;
}

VkResult create_instance(PFN_vkGetInstanceProcAddr load, VkInstance* instance) {
  const auto create =
      global_function<PFN_vkCreateInstance>(load, VK_NULL_HANDLE, "vkCreateInstance");
  if (create == nullptr) fail(Status::unsupported, "the Vulkan loader offers no vkCreateInstance");

  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pEngineName = "sched";
  application.apiVersion = api_version(load);

  const char* const portability = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  if (offers_portability(load)) {
    info.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &portability;
  }
  return create(&info, nullptr, instance);
}

// A family for compute alone runs beside the graphics of other programs.
std::optional<std::uint32_t> find_compute_family(
    const std::vector<VkQueueFamilyProperties>& families) {
  std::optional<std::uint32_t> found;
  for (std::uint32_t i = 0; i < families.size(); ++i) {
    const VkQueueFlags flags = families[i].queueFlags;
    if (families[i].queueCount == 0 || (flags & VK_QUEUE_COMPUTE_BIT) == 0) continue;
    if ((flags & VK_QUEUE_GRAPHICS_BIT) == 0) return i;
    if (!found) found = i;
  }
  return found;
}

}  // namespace

std::unique_ptr<Instance> Instance::open() {
  const PFN_vkGetInstanceProcAddr load = open_loader();
  // The destructor releases the Vulkan instance even where its functions cannot be loaded.
  std::unique_ptr<Instance> instance(new Instance());
  VkInstance handle = VK_NULL_HANDLE;
  const VkResult result = create_instance(load, &handle);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) return nullptr;
  check(result, "vkCreateInstance");
  instance->instance_ = handle;
  instance->destroy_ = global_function<PFN_vkDestroyInstance>(load, handle, "vkDestroyInstance");
  instance->functions_ = load_instance(load, handle);
  return instance;
}

Instance::~Instance() {
  if (destroy_ != nullptr) destroy_(instance_, nullptr);
}

std::vector<PhysicalDevice> Instance::devices() const {
  const auto handles = read_list<VkPhysicalDevice>(
      "vkEnumeratePhysicalDevices", [&](std::uint32_t* count, VkPhysicalDevice* items) {
        const VkResult result = functions_.vkEnumeratePhysicalDevices(instance_, count, items);
        // Loaders say so where there are drivers but none finds its hardware.
        if (result != VK_ERROR_INITIALIZATION_FAILED) return result;
        *count = 0;
        return VK_SUCCESS;
      });
  std::vector<PhysicalDevice> devices(handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    devices[i].handle = handles[i];
    functions_.vkGetPhysicalDeviceProperties(handles[i], &devices[i].properties);
    devices[i].compute_family = find_compute_family(queue_families_of(functions_, handles[i]));
  }
  return devices;
}

std::vector<VkQueueFamilyProperties> queue_families_of(const InstanceFunctions& functions,
                                                       VkPhysicalDevice device) {
  std::uint32_t count = 0;
  functions.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  functions.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  families.resize(count);
  return families;
}

std::vector<std::string> extensions_of(const InstanceFunctions& functions,
                                       VkPhysicalDevice device) {
  const auto extensions = read_list<VkExtensionProperties>(
      "vkEnumerateDeviceExtensionProperties",
      [&](std::uint32_t* count, VkExtensionProperties* items) {
        return functions.vkEnumerateDeviceExtensionProperties(device, nullptr, count, items);
      });
  std::vector<std::string> names;
  names.reserve(extensions.size());
  for (const VkExtensionProperties& extension : extensions) {
    names.emplace_back(extension.extensionName);
  }
  return names;
}

std::vector<ListedDevice> list_devices() {
  const std::unique_ptr<Instance> instance = Instance::open();
  std::vector<ListedDevice> listed;
  if (!instance) return listed;
  for (const PhysicalDevice& device : instance->devices()) {
    listed.push_back({device.properties, device.compute_family.has_value()});
  }
  return listed;
}

}  // namespace sched::vulkan

// A device of the library's own or the application's: made, prepared, and released.  The
// destructor releases whatever exists, so a failure half way needs no code of its own.

#include "device.hpp"

#include <algorithm>

#include "../status.hpp"
#include "instance.hpp"
#include "loader.hpp"

namespace sched::vulkan {

namespace {

// Its name is in a beta header.  A device that has it must be made with it.
constexpr char kPortabilitySubset[] = "VK_KHR_portability_subset";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What to enable: what was asked for, each once, and what the device insists on.
std::vector<std::string> choose_extensions(const std::vector<std::string>& offered,
                                           const std::vector<std::string>& asked,
                                           const char* device_name) {
  std::vector<std::string> chosen;
  for (const std::string& name : asked) {
    if (!contains(offered, name)) {
      fail(Status::unsupported, "the Vulkan device ", device_name, " has no extension \"", name,
           "\"; vulkaninfo lists those that it has");
    }
    if (!contains(chosen, name)) chosen.push_back(name);
  }
  const bool is_portability = contains(offered, kPortabilitySubset);
  if (is_portability && !contains(chosen, kPortabilitySubset)) chosen.push_back(kPortabilitySubset);
  return chosen;
}

void require_given(bool is_given, const char* name) {
  if (!is_given) {
    fail(Status::argument, "`", name,
         "` of the imported device is NULL; only `queue`, `lock` with `unlock`, and `allocator` "
         "may be");
  }
}

void check_import(const ImportOptions& options) {
  require_given(options.get_instance_proc_addr != nullptr, "get_instance_proc_addr");
  require_given(options.instance != VK_NULL_HANDLE, "instance");
  require_given(options.physical_device != VK_NULL_HANDLE, "physical_device");
  require_given(options.device != VK_NULL_HANDLE, "device");
  if ((options.lock == nullptr) != (options.unlock == nullptr)) {
    fail(Status::argument, "`", options.lock ? "unlock" : "lock",
         "` of the imported queue is NULL; give both functions or neither");
  }
  const VkAllocationCallbacks* allocator = options.allocator;
  if (allocator == nullptr) return;
  if (!allocator->pfnAllocation || !allocator->pfnReallocation || !allocator->pfnFree) {
    fail(Status::argument,
         "`allocator` needs pfnAllocation, pfnReallocation and pfnFree; one of them is NULL");
  }
}

void check_family(const std::vector<VkQueueFamilyProperties>& families, std::uint32_t family) {
  if (family >= families.size()) {
    fail(Status::unsupported, "queue family ", family, " does not exist; the device has ",
         families.size(), ", counted from 0");
  }
  if ((families[family].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) {
    fail(Status::unsupported, "queue family ", family,
         " has no compute; the family of an imported device needs VK_QUEUE_COMPUTE_BIT");
  }
}

}  // namespace

Device::Device() = default;

std::shared_ptr<Device> Device::create(const CreateOptions& options) {
  std::shared_ptr<Device> device(new Device());
  device->own_instance_ = Instance::open();
  if (!device->own_instance_) {
    fail(Status::unsupported, "this machine has a Vulkan loader but no Vulkan driver");
  }
  const Instance& instance = *device->own_instance_;
  device->instance_ = instance.handle();
  device->instance_functions_ = instance.functions();

  const std::vector<PhysicalDevice> devices = instance.devices();
  const PhysicalDevice& chosen = choose_device(devices, options.index, options.name);
  const auto extensions = choose_extensions(extensions_of(instance.functions(), chosen.handle),
                                            options.extensions, chosen.properties.deviceName);
  device->make_device(chosen.handle, *chosen.compute_family, extensions);
  device->prepare(options.limit);
  return device;
}

std::shared_ptr<Device> Device::import(const ImportOptions& options) {
  check_import(options);
  std::shared_ptr<Device> device(new Device());
  device->instance_ = options.instance;
  device->physical_device_ = options.physical_device;
  device->instance_functions_ = load_instance(options.get_instance_proc_addr, options.instance);
  check_family(queue_families_of(device->instance_functions_, options.physical_device),
               options.queue_family);
  device->device_ = options.device;
  device->queue_ = options.queue;
  device->queue_family_ = options.queue_family;
  device->lock_ = options.lock;
  device->unlock_ = options.unlock;
  device->user_ = options.user;
  device->has_allocator_ = options.allocator != nullptr;
  if (device->has_allocator_) device->allocator_ = *options.allocator;
  device->functions_ = load_device(device->instance_functions_, options.device);
  device->prepare(options.limit);
  return device;
}

void Device::make_device(VkPhysicalDevice physical_device, std::uint32_t queue_family,
                         const std::vector<std::string>& extensions) {
  physical_device_ = physical_device;
  queue_family_ = queue_family;
  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;

  std::vector<const char*> names;
  names.reserve(extensions.size());
  for (const std::string& name : extensions) names.push_back(name.c_str());
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<std::uint32_t>(names.size());
  info.ppEnabledExtensionNames = names.data();

  VkDevice made = VK_NULL_HANDLE;
  check(instance_functions_.vkCreateDevice(physical_device, &info, nullptr, &made),
        "vkCreateDevice");
  device_ = made;
  // Before the other functions, any of which may be missing.
  destroy_device_ = reinterpret_cast<PFN_vkDestroyDevice>(
      instance_functions_.vkGetDeviceProcAddr(made, "vkDestroyDevice"));
  functions_ = load_device(instance_functions_, made);
  functions_.vkGetDeviceQueue(made, queue_family, 0, &queue_);
}

void Device::prepare(const std::function<void(Limits&)>& limit) {
  instance_functions_.vkGetPhysicalDeviceProperties(physical_device_, &properties_);
  instance_functions_.vkGetPhysicalDeviceMemoryProperties(physical_device_, &memory_);
  read_limits(limit);
  make_layouts();
}

Device::~Device() {
  destroy_pipelines();
  if (cache_ != VK_NULL_HANDLE) functions_.vkDestroyPipelineCache(device_, cache_, allocator());
  if (pipeline_layout_ != VK_NULL_HANDLE) {
    functions_.vkDestroyPipelineLayout(device_, pipeline_layout_, allocator());
  }
  if (set_layout_ != VK_NULL_HANDLE) {
    functions_.vkDestroyDescriptorSetLayout(device_, set_layout_, allocator());
  }
  if (destroy_device_ != nullptr) destroy_device_(device_, nullptr);
}

}  // namespace sched::vulkan

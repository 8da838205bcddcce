#include "application.hpp"

#include <algorithm>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>
#include <link.h>
#endif

namespace vulkan_test {

namespace {

constexpr const char* kLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data,
                                          void* user) {
  // The loader tells of drivers that have no hardware here; only the layer is asked.
  const std::string name = data->pMessageIdName == nullptr ? "" : data->pMessageIdName;
  if (name == "Loader Message") return VK_FALSE;
  static_cast<Application*>(user)->add_message(name + ": " + data->pMessage);
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info(Application* app) {
  VkDebugUtilsMessengerCreateInfoEXT info{};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                         VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
                     VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                     VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
  info.pfnUserCallback = on_message;
  info.pUserData = app;
  return info;
}

#if defined(__SANITIZE_ADDRESS__)
// The loader closes driver and layers with the instance, and leaks of theirs would be of a module
// without a name, which no suppression names.
void keep_modules_open() {
  const auto keep = [](dl_phdr_info* info, std::size_t, void*) {
    if (info->dlpi_name[0] == '/') dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return 0;
  };
  dl_iterate_phdr(keep, nullptr);
}
#else
void keep_modules_open() {}
#endif

void require_layer() {
  std::uint32_t count = 0;
  check(vkEnumerateInstanceLayerProperties(&count, nullptr), "vkEnumerateInstanceLayerProperties");
  std::vector<VkLayerProperties> layers(count);
  check(vkEnumerateInstanceLayerProperties(&count, layers.data()),
        "vkEnumerateInstanceLayerProperties");
  for (const VkLayerProperties& layer : layers)
    if (std::string(layer.layerName) == kLayer) return;
  throw std::runtime_error(std::string(kLayer) + " is not installed: these tests need it");
}

std::unique_ptr<Application>& shared_application() {
  static std::unique_ptr<Application> app;
  return app;
}

struct LimitedContext {
  sched_vulkan_limits limits;
  bool is_own;
  Context context;
};
std::vector<LimitedContext>& shared_contexts() {
  static std::vector<LimitedContext> contexts;
  return contexts;
}

}  // namespace

void check(VkResult result, const char* call) {
  if (result == VK_SUCCESS) return;
  throw std::runtime_error(std::string(call) + " failed: " + std::to_string(result));
}

Application::Application(bool is_validated) {
  // Once: who opens the loader later is the library (own_loader.cpp).
  if (vkGetInstanceProcAddr == nullptr) check(volkInitialize(), "volkInitialize");
  if (is_validated) require_layer();
  make_instance(is_validated);
  choose_device();
  make_device();
  keep_modules_open();
}

void Application::make_instance(bool is_validated) {
  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.apiVersion = VK_API_VERSION_1_1;
  const VkValidationFeatureEnableEXT enabled[] = {
      VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info(this);
  VkValidationFeaturesEXT features{};
  features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
  features.pNext = &messenger;
  features.enabledValidationFeatureCount = 1;
  features.pEnabledValidationFeatures = enabled;
  const char* const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                                    VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  if (is_validated) {
    info.pNext = &features;
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &kLayer;
    info.enabledExtensionCount = 2;
    info.ppEnabledExtensionNames = extensions;
  }
  check(vkCreateInstance(&info, nullptr, &instance_), "vkCreateInstance");
  // Of the instance only: these work for every device of it.
  volkLoadInstance(instance_);
  if (!is_validated) return;
  check(vkCreateDebugUtilsMessengerEXT(instance_, &messenger, nullptr, &messenger_),
        "vkCreateDebugUtilsMessengerEXT");
}

void Application::choose_device() {
  std::uint32_t count = 1;
  const VkResult result = vkEnumeratePhysicalDevices(instance_, &count, &physical_device_);
  if (result != VK_INCOMPLETE) check(result, "vkEnumeratePhysicalDevices");
  if (count == 0) throw std::runtime_error("this machine has no Vulkan device");
  vkGetPhysicalDeviceProperties(physical_device_, &properties_);
  vkGetPhysicalDeviceMemoryProperties(physical_device_, &memory_);
  vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, families.data());
  while (queue_family_ < count &&
         (families[queue_family_].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) {
    ++queue_family_;
  }
  if (queue_family_ == count) throw std::runtime_error("the first device has no compute");
}

void Application::make_device() {
  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = queue_family_;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  check(vkCreateDevice(physical_device_, &info, nullptr, &device_), "vkCreateDevice");
  vkGetDeviceQueue(device_, queue_family_, 0, &queue_);

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = queue_family_;
  check(vkCreateCommandPool(device_, &pool, nullptr, &pool_), "vkCreateCommandPool");
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  check(vkCreateFence(device_, &fence, nullptr, &fence_), "vkCreateFence");
}

Application::~Application() {
  if (device_ != VK_NULL_HANDLE) {
    vkDestroyFence(device_, fence_, nullptr);
    vkDestroyCommandPool(device_, pool_, nullptr);
    vkDestroyDevice(device_, nullptr);
  }
  if (messenger_ != VK_NULL_HANDLE) {
    vkDestroyDebugUtilsMessengerEXT(instance_, messenger_, nullptr);
  }
  if (instance_ != VK_NULL_HANDLE) vkDestroyInstance(instance_, nullptr);
  // Objects that were left behind.
  for (const std::string& message : messages_) ADD_FAILURE() << message;
}

Application& Application::shared() {
  std::unique_ptr<Application>& app = shared_application();
  if (app == nullptr) {
    app = std::make_unique<Application>();
    std::printf("on %s\n", app->properties().deviceName);
  }
  return *app;
}

void Application::end_shared() {
  shared_contexts().clear();
  shared_application().reset();
}

void Application::add_message(const std::string& message) {
  const std::lock_guard<std::mutex> guard(mutex_);
  messages_.push_back(message);
}

std::vector<std::string> Application::take_messages() {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::vector<std::string> taken;
  taken.swap(messages_);
  return taken;
}

VkCommandBuffer Application::begin() {
  VkCommandBufferAllocateInfo wanted{};
  wanted.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  wanted.commandPool = pool_;
  wanted.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  wanted.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  check(vkAllocateCommandBuffers(device_, &wanted, &commands), "vkAllocateCommandBuffers");
  VkCommandBufferBeginInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  check(vkBeginCommandBuffer(commands, &info), "vkBeginCommandBuffer");
  return commands;
}

void Application::run(VkCommandBuffer commands) {
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                       0, 1, &barrier, 0, nullptr, 0, nullptr);
  check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  check(vkQueueSubmit(queue_, 1, &info, fence_), "vkQueueSubmit");
  check(vkWaitForFences(device_, 1, &fence_, VK_TRUE, UINT64_MAX), "vkWaitForFences");
  check(vkResetFences(device_, 1, &fence_), "vkResetFences");
  discard(commands);
}

void Application::discard(VkCommandBuffer commands) {
  vkFreeCommandBuffers(device_, pool_, 1, &commands);
}

// ----------------------------------------------------------------------- contexts

sched_vulkan_import_options import_options(const Application& app) {
  sched_vulkan_import_options options = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
  options.queue_family = app.queue_family();
  options.get_instance_proc_addr = intercepted_loader;
  options.instance = app.instance();
  options.physical_device = app.physical_device();
  options.device = app.device();
  options.queue = app.queue();
  return options;
}

Context import(const sched_vulkan_import_options& options) {
  Message message;
  sched_vulkan_import_options with_message = options;
  with_message.message = message.data();
  with_message.message_capacity = message.capacity();
  sched_vulkan* vulkan = nullptr;
  const sched_status status = sched_vulkan_import(&with_message, &vulkan);
  if (status != SCHED_OK)
    throw std::runtime_error(std::string(sched_status_name(status)) + ": " + message.text());
  return Context(vulkan);
}

Context create_own(const sched_vulkan_create_options& options) {
  Message message;
  sched_vulkan_create_options with_message = options;
  with_message.message = message.data();
  with_message.message_capacity = message.capacity();
  sched_vulkan* vulkan = nullptr;
  const sched_status status = sched_vulkan_create(&with_message, &vulkan);
  if (status != SCHED_OK)
    throw std::runtime_error(std::string(sched_status_name(status)) + ": " + message.text());
  return Context(vulkan);
}

namespace {

template <typename Make>
sched_vulkan* shared(const sched_vulkan_limits& limits, bool is_own, const Make& make) {
  std::vector<LimitedContext>& contexts = shared_contexts();
  for (const LimitedContext& made : contexts)
    if (made.is_own == is_own && std::memcmp(&made.limits, &limits, sizeof limits) == 0)
      return made.context.get();
  contexts.push_back({limits, is_own, make()});
  return contexts.back().context.get();
}

}  // namespace

sched_vulkan* shared_context(const sched_vulkan_limits& limits) {
  return shared(limits, false, [&] {
    sched_vulkan_import_options options = import_options(Application::shared());
    options.limits = &limits;
    return import(options);
  });
}

sched_vulkan* shared_own_context(const sched_vulkan_limits& limits) {
  return shared(limits, true, [&] {
    sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    options.limits = &limits;
    return create_own(options);
  });
}

sched_vulkan_info info_of(const sched_vulkan* vulkan) {
  sched_vulkan_info info{};
  info.struct_size = sizeof info;
  const sched_status status = sched_vulkan_get_info(vulkan, &info);
  if (status != SCHED_OK) throw std::runtime_error(sched_status_name(status));
  return info;
}

sched_init_options on(sched_vulkan* vulkan, sched_init_options options) {
  options.kernel = SCHED_KERNEL_VULKAN;
  options.vulkan = vulkan;
  return options;
}

}  // namespace vulkan_test

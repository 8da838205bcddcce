#include "intercept.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <tuple>
#include <type_traits>

namespace vulkan_test {

namespace {

#define EACH_FUNCTION(X)                      \
  X(vkEnumerateInstanceExtensionProperties)   \
  X(vkEnumerateInstanceLayerProperties)       \
  X(vkEnumerateInstanceVersion)               \
  X(vkCreateInstance)                         \
  X(vkDestroyInstance)                        \
  X(vkEnumeratePhysicalDevices)               \
  X(vkGetPhysicalDeviceProperties)            \
  X(vkGetPhysicalDeviceMemoryProperties)      \
  X(vkGetPhysicalDeviceQueueFamilyProperties) \
  X(vkEnumerateDeviceExtensionProperties)     \
  X(vkCreateDevice)                           \
  X(vkDestroyDevice)                          \
  X(vkGetDeviceQueue)                         \
  X(vkGetBufferMemoryRequirements)            \
  X(vkQueueSubmit)                            \
  X(vkAllocateMemory)                         \
  X(vkFreeMemory)                             \
  X(vkMapMemory)                              \
  X(vkFlushMappedMemoryRanges)                \
  X(vkInvalidateMappedMemoryRanges)           \
  X(vkCreateBuffer)                           \
  X(vkDestroyBuffer)                          \
  X(vkBindBufferMemory)                       \
  X(vkCreateDescriptorSetLayout)              \
  X(vkDestroyDescriptorSetLayout)             \
  X(vkCreateDescriptorPool)                   \
  X(vkDestroyDescriptorPool)                  \
  X(vkAllocateDescriptorSets)                 \
  X(vkUpdateDescriptorSets)                   \
  X(vkCreatePipelineLayout)                   \
  X(vkDestroyPipelineLayout)                  \
  X(vkCreateShaderModule)                     \
  X(vkDestroyShaderModule)                    \
  X(vkCreatePipelineCache)                    \
  X(vkDestroyPipelineCache)                   \
  X(vkGetPipelineCacheData)                   \
  X(vkCreateComputePipelines)                 \
  X(vkDestroyPipeline)                        \
  X(vkCreateCommandPool)                      \
  X(vkDestroyCommandPool)                     \
  X(vkAllocateCommandBuffers)                 \
  X(vkResetCommandPool)                       \
  X(vkBeginCommandBuffer)                     \
  X(vkEndCommandBuffer)                       \
  X(vkCreateFence)                            \
  X(vkDestroyFence)                           \
  X(vkResetFences)                            \
  X(vkWaitForFences)                          \
  X(vkCmdBindPipeline)                        \
  X(vkCmdBindDescriptorSets)                  \
  X(vkCmdDispatch)                            \
  X(vkCmdPipelineBarrier)                     \
  X(vkCmdCopyBuffer)                          \
  X(vkCmdFillBuffer)                          \
  X(vkCmdUpdateBuffer)

enum Index : std::size_t {
#define NUMBER(name) k_##name,
  EACH_FUNCTION(NUMBER)
#undef NUMBER
      kCount
};

template <typename F>
constexpr bool returns_result = false;
template <typename... Args>
constexpr bool returns_result<VkResult(VKAPI_PTR*)(Args...)> = true;

struct Function {
  const char* name;
  PFN_vkVoidFunction real = nullptr;
  bool returns_result = false;
  bool was_asked_for = false;
  std::atomic<long> calls{0};
  std::atomic<long> all_calls{0};  // whatever was reset
  std::atomic<long> made{0};       // calls that made an object
  std::atomic<long> released{0};   // calls with an object
  std::atomic<long> fails_at{0};   // calls from now on; 0: never
  VkResult result = VK_SUCCESS;
  bool for_ever = false;
};

Function* functions() {
  static Function all[kCount] = {
#define NAMED(name) {#name, nullptr, returns_result<PFN_##name>},
      EACH_FUNCTION(NAMED)
#undef NAMED
  };
  return all;
}

std::mutex& loading() {
  static std::mutex one;
  return one;
}

std::set<std::string>& unknown() {
  static std::set<std::string> names;
  return names;
}

Function& function_named(const std::string& name) {
  for (std::size_t i = 0; i < kCount; ++i)
    if (functions()[i].name == name) return functions()[i];
  throw std::runtime_error("no function " + name + " is intercepted");
}

struct Pair {
  const char* make;
  const char* release;
};
constexpr Pair kPairs[] = {
    {"vkCreateInstance", "vkDestroyInstance"},
    {"vkCreateDevice", "vkDestroyDevice"},
    {"vkAllocateMemory", "vkFreeMemory"},
    {"vkCreateBuffer", "vkDestroyBuffer"},
    {"vkCreateDescriptorSetLayout", "vkDestroyDescriptorSetLayout"},
    {"vkCreateDescriptorPool", "vkDestroyDescriptorPool"},
    {"vkCreatePipelineLayout", "vkDestroyPipelineLayout"},
    {"vkCreateShaderModule", "vkDestroyShaderModule"},
    {"vkCreatePipelineCache", "vkDestroyPipelineCache"},
    {"vkCreateComputePipelines", "vkDestroyPipeline"},
    {"vkCreateCommandPool", "vkDestroyCommandPool"},
    {"vkCreateFence", "vkDestroyFence"},
};

bool is_due(Function& function) {
  if (function.fails_at.load() == 0) return false;
  if (function.fails_at.load() == 1) {
    if (!function.for_ever) function.fails_at = 0;
    return true;
  }
  --function.fails_at;
  return false;
}

// The object that is released is the argument before the allocator.
template <typename... Args>
bool releases(const Args&... args) {
  if constexpr (sizeof...(Args) == 2) {
    return std::get<0>(std::tie(args...)) != nullptr;
  } else if constexpr (sizeof...(Args) == 3) {
    const auto& second = std::get<1>(std::tie(args...));
    return second != std::decay_t<decltype(second)>{};
  } else {
    return false;
  }
}

void count(Function& function) {
  ++function.calls;
  ++function.all_calls;
}

// What the device says of itself, changed where a test asked for that.
template <typename... Args>
void change(Args...) {}
void change(VkPhysicalDevice, std::uint32_t* count, VkQueueFamilyProperties* out) {
  for (std::uint32_t i = 0; out != nullptr && spy().has_no_compute && i < *count; ++i)
    out[i].queueFlags &= ~static_cast<VkQueueFlags>(VK_QUEUE_COMPUTE_BIT);
}
void change(VkPhysicalDevice, VkPhysicalDeviceProperties* out) {
  if (spy().driver_version != 0) out->driverVersion = spy().driver_version;
}

template <Index index, typename F>
struct Wrapped;
template <Index index, typename... Args>
struct Wrapped<index, VkResult(VKAPI_PTR*)(Args...)> {
  static VKAPI_ATTR VkResult VKAPI_CALL call(Args... args) {
    Function& function = functions()[index];
    count(function);
    const auto real = reinterpret_cast<VkResult(VKAPI_PTR*)(Args...)>(function.real);
    const bool due = is_due(function);
    // What was submitted is waited for all the same, or it would run while it is freed.
    if (due && index != k_vkWaitForFences) return function.result;
    const VkResult result = real(args...);
    if (due) return function.result;
    if (result == VK_SUCCESS) ++function.made;
    return result;
  }
};
template <Index index, typename... Args>
struct Wrapped<index, void(VKAPI_PTR*)(Args...)> {
  static VKAPI_ATTR void VKAPI_CALL call(Args... args) {
    Function& function = functions()[index];
    count(function);
    if (releases(args...)) ++function.released;
    reinterpret_cast<void(VKAPI_PTR*)(Args...)>(function.real)(args...);
    change(args...);
  }
};

// The loader's own entry points stand for every device and instance, with layers or without.
template <Index index, typename F>
PFN_vkVoidFunction wrapped(VkInstance instance) {
  Function& function = functions()[index];
  function.was_asked_for = true;
  function.real = vkGetInstanceProcAddr(instance, function.name);
  if (function.real == nullptr || spy().missing == function.name) return nullptr;
  return reinterpret_cast<PFN_vkVoidFunction>(&Wrapped<index, F>::call);
}

PFN_vkVoidFunction wrap(VkInstance instance, const std::string& name) {
  const std::lock_guard<std::mutex> guard(loading());
#define WRAP(function) \
  if (name == #function) return wrapped<k_##function, PFN_##function>(instance);
  EACH_FUNCTION(WRAP)
#undef WRAP
  unknown().insert(name);
  return vkGetInstanceProcAddr(instance, name.c_str());
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL intercepted_device_loader(VkDevice device,
                                                                   const char* name) {
  if (vkGetDeviceProcAddr(device, name) == nullptr) return nullptr;
  return wrap(volkGetLoadedInstance(), name);
}

}  // namespace

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL intercepted_loader(VkInstance instance, const char* name) {
  const std::string asked = name;
  if (asked != "vkGetDeviceProcAddr") return wrap(instance, asked);
  if (spy().missing == asked) return nullptr;
  return reinterpret_cast<PFN_vkVoidFunction>(&intercepted_device_loader);
}

void Spy::reset() {
  for (std::size_t i = 0; i < kCount; ++i) {
    Function& function = functions()[i];
    function.calls = 0;
    function.fails_at = 0;
  }
  missing.clear();
  has_no_compute = false;
  driver_version = 0;
}

void Spy::fail(const std::string& name, long nth, VkResult result, bool for_ever) {
  Function& function = function_named(name);
  function.result = result;
  function.for_ever = for_ever;
  function.fails_at = nth;
}

long Spy::calls(const std::string& name) const { return function_named(name).calls; }

long Spy::calls_beginning(const std::string& prefix) const {
  long count = 0;
  for (std::size_t i = 0; i < kCount; ++i)
    if (std::string(functions()[i].name).rfind(prefix, 0) == 0) count += functions()[i].calls;
  return count;
}

std::vector<std::string> Spy::asked_for() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kCount; ++i)
    if (functions()[i].was_asked_for) names.push_back(functions()[i].name);
  return names;
}

std::vector<std::string> Spy::asked_for_results() const {
  std::vector<std::string> names;
  for (const std::string& name : asked_for())
    if (function_named(name).returns_result) names.push_back(name);
  return names;
}

std::vector<std::string> Spy::unknown_names() const {
  return std::vector<std::string>(unknown().begin(), unknown().end());
}

long Spy::calls_ever(const std::string& name) const { return function_named(name).all_calls; }

std::map<std::string, long> Spy::living() const {
  std::map<std::string, long> living;
  for (const Pair& pair : kPairs) {
    const long count = function_named(pair.make).made - function_named(pair.release).released;
    if (count != 0) living[pair.make] = count;
  }
  return living;
}

Spy& spy() {
  static Spy one;
  return one;
}

}  // namespace vulkan_test

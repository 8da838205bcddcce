// The application around the library: an instance under the validation layer, a device, a
// queue, command buffers.  The library gets all of it by sched_vulkan_import().

#ifndef SCHED_TESTS_VULKAN_APPLICATION_HPP_
#define SCHED_TESTS_VULKAN_APPLICATION_HPP_

// Functions come from volk, as pointers; nothing links the loader.
#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <sched/sched_vulkan.h>
#include <volk.h>

#include <mutex>

#include "../api/support.hpp"

namespace vulkan_test {

using namespace sched_test;

// Throws std::runtime_error with the name of the call.
void check(VkResult result, const char* call);

class Application {
 public:
  // Throws where there is no loader, no device, or no validation layer.
  explicit Application(bool is_validated = true);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // One for all tests of the program; main() ends it.
  static Application& shared();
  static void end_shared();

  VkInstance instance() const { return instance_; }
  VkPhysicalDevice physical_device() const { return physical_device_; }
  VkDevice device() const { return device_; }
  VkQueue queue() const { return queue_; }
  std::uint32_t queue_family() const { return queue_family_; }
  const VkPhysicalDeviceProperties& properties() const { return properties_; }
  const VkPhysicalDeviceMemoryProperties& memory() const { return memory_; }

  // Warnings and errors of the validation layer since the last call.
  std::vector<std::string> take_messages();
  void add_message(const std::string& message);

  // A command buffer in the recording state.
  VkCommandBuffer begin();
  // Ends it, makes what it wrote visible to the host, waits, and frees it.
  void run(VkCommandBuffer commands);
  // Frees it without running.
  void discard(VkCommandBuffer commands);

 private:
  void make_instance(bool is_validated);
  void choose_device();
  void make_device();

  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device_ = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties_{};
  VkPhysicalDeviceMemoryProperties memory_{};
  VkDevice device_ = VK_NULL_HANDLE;
  std::uint32_t queue_family_ = 0;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

// ----------------------------------------------------------------------- contexts

struct FreeVulkan {
  void operator()(sched_vulkan* vulkan) const { sched_vulkan_free(vulkan); }
};
using Context = std::unique_ptr<sched_vulkan, FreeVulkan>;

// The loader of these tests, between the library and Vulkan's: see intercept.hpp.
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL intercepted_loader(VkInstance instance, const char* name);

// All handles of the application, through the intercepted loader.
sched_vulkan_import_options import_options(const Application& app);
// Throws std::runtime_error with the sentence.
Context import(const sched_vulkan_import_options& options);
// A context on the shared application, made once for each set of limits: drivers take long to
// compile its pipelines.
sched_vulkan* shared_context(const sched_vulkan_limits& limits = SCHED_VULKAN_LIMITS_INIT);

// A device of the library's own, and one of those for all tests.
Context create_own(const sched_vulkan_create_options& options);
sched_vulkan* shared_own_context(const sched_vulkan_limits& limits = SCHED_VULKAN_LIMITS_INIT);

sched_vulkan_info info_of(const sched_vulkan* vulkan);

// Options for a state on a context.
sched_init_options on(sched_vulkan* vulkan, sched_init_options options);

// ------------------------------------------------------------------------ fixture

// A test that fails where the validation layer had anything to say.
template <class Base>
class Validated : public Base {
 protected:
  void SetUp() override { Application::shared().take_messages(); }
  void TearDown() override {
    for (const std::string& message : Application::shared().take_messages()) {
      ADD_FAILURE() << message;
    }
  }
  Application& app() { return Application::shared(); }
};

}  // namespace vulkan_test

#endif  // SCHED_TESTS_VULKAN_APPLICATION_HPP_

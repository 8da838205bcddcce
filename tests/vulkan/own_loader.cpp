// A library that opens the loader itself gets the intercepted one.  The application of these tests
// opens the real one first; whoever asks for it after that is the library.

#include <dlfcn.h>

#include <string>

#include "application.hpp"

extern "C" void* dlopen(const char* name, int flags) noexcept {
  using Open = void* (*)(const char*, int);
  static const Open real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "dlopen"));
  const bool is_loader = name != nullptr && std::string(name) == "libvulkan.so.1";
  if (!is_loader || vkGetInstanceProcAddr == nullptr) return real(name, flags);
  void* const shim = real(SCHED_LOADER_SHIM, flags);
  if (shim == nullptr) return nullptr;
  *static_cast<PFN_vkGetInstanceProcAddr*>(dlsym(shim, "sched_test_loader")) =
      vulkan_test::intercepted_loader;
  return shim;
}

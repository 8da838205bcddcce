/*
 * sched_device.hpp: <sched/sched_device.h> for C++17, header only, without Vulkan's headers.
 *
 *     sched::Vulkan vulkan;                          // the most suitable device
 *     options.kernel = SCHED_KERNEL_VULKAN;
 *     options.vulkan = vulkan.get();
 *     sched::State state = scheduler.init(options);  // keeps the device alive
 *
 * Errors, ownership and threads are those of <sched/sched.hpp>; a Vulkan may be shared by threads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_DEVICE_HPP_
#define SCHED_SCHED_DEVICE_HPP_

#include <sched/sched_device.h>
#include <sched/sched.hpp>

namespace sched {

/** sched_vulkan_create_options with containers. */
struct VulkanOptions {
  std::int32_t device_index = -1;              ///< of vulkan_devices(); -1 chooses
  std::string device_name;                     ///< part of a name; empty for any
  std::vector<std::string> device_extensions;  ///< to enable besides
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
};

/** sched_vulkan_list(): the devices of this machine. */
inline std::vector<sched_vulkan_device> vulkan_devices() {
  std::int32_t count = 0;
  detail::check(sched_vulkan_list(nullptr, 0, &count), "there is no Vulkan here");
  sched_vulkan_device device = {};
  device.struct_size = sizeof(device);
  std::vector<sched_vulkan_device> devices(static_cast<std::size_t>(count), device);
  if (count == 0) return devices;
  detail::check(sched_vulkan_list(devices.data(), count, &count));
  devices.resize(static_cast<std::size_t>(count));
  return devices;
}

/** A device that states run on: sched_vulkan.  Move-only; states made with it keep it alive. */
class Vulkan {
 public:
  /** sched_vulkan_create() */
  explicit Vulkan(const VulkanOptions& options = {}) {
    std::vector<const char*> extensions;
    for (const std::string& name : options.device_extensions) extensions.push_back(name.c_str());
    char message[detail::kMessageCapacity] = "";
    sched_vulkan_create_options c_options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    c_options.device_index = options.device_index;
    c_options.device_name = options.device_name.empty() ? nullptr : options.device_name.c_str();
    c_options.device_extensions = extensions.empty() ? nullptr : extensions.data();
    c_options.device_extension_count = static_cast<std::int32_t>(extensions.size());
    c_options.limits = &options.limits;
    c_options.message = message;
    c_options.message_capacity = sizeof(message);
    detail::check(sched_vulkan_create(&c_options, &vulkan_), message);
  }
  /** Takes over a C handle. */
  explicit Vulkan(sched_vulkan* vulkan) noexcept : vulkan_(vulkan) {}

  Vulkan(Vulkan&& other) noexcept : vulkan_(std::exchange(other.vulkan_, nullptr)) {}
  Vulkan& operator=(Vulkan&& other) noexcept {
    Vulkan taken(std::move(other));
    std::swap(vulkan_, taken.vulkan_);
    return *this;
  }
  Vulkan(const Vulkan&) = delete;
  Vulkan& operator=(const Vulkan&) = delete;
  ~Vulkan() { sched_vulkan_free(vulkan_); }

  /** False for a moved-from object. */
  explicit operator bool() const noexcept { return vulkan_ != nullptr; }
  /** The C handle, still owned by this object: for InitOptions::vulkan. */
  sched_vulkan* get() const noexcept { return vulkan_; }

  /** sched_vulkan_get_cache(): the compiled pipelines, for the application to keep. */
  std::vector<std::uint8_t> cache() {
    std::uint64_t size = 0;
    detail::check(sched_vulkan_get_cache(vulkan_, nullptr, 0, &size));
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    detail::check(sched_vulkan_get_cache(vulkan_, bytes.data(), size, &size));
    return bytes;
  }
  /** sched_vulkan_set_cache(), before the first state. */
  void set_cache(Span<const std::uint8_t> bytes) {
    detail::check(sched_vulkan_set_cache(vulkan_, bytes.data(), bytes.size()));
  }

 private:
  sched_vulkan* vulkan_ = nullptr;
};

}  // namespace sched

#endif  // SCHED_SCHED_DEVICE_HPP_

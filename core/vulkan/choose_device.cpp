// Which device of several: the one that was asked for, or the kind that is fastest as a rule.

#include <algorithm>

#include "../status.hpp"
#include "instance.hpp"

namespace sched::vulkan {

namespace {

struct Kind {
  VkPhysicalDeviceType type;
  const char* name;
};

// The most suitable first.
constexpr Kind kKinds[] = {
    {VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, "discrete"},
    {VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, "integrated"},
    {VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU, "virtual"},
    {VK_PHYSICAL_DEVICE_TYPE_CPU, "cpu"},
    {VK_PHYSICAL_DEVICE_TYPE_OTHER, "other"},
};

// Types that a later Vulkan may add come last.
const Kind* kind_of(const PhysicalDevice& device) {
  const Kind* const last = std::end(kKinds) - 1;
  return std::find_if(std::begin(kKinds), last,
                      [&](const Kind& kind) { return kind.type == device.properties.deviceType; });
}

std::string describe(const std::vector<PhysicalDevice>& devices) {
  if (devices.empty()) return "this machine has none";
  std::string text = "this machine has";
  for (std::size_t i = 0; i < devices.size(); ++i) {
    text += text_of(i == 0 ? " " : ", ", i, ": ", devices[i].properties.deviceName, " (",
                    kind_of(devices[i])->name,
                    devices[i].compute_family ? ")" : ", no queue for compute)");
  }
  return text;
}

// Only ASCII: names of devices have nothing else, and the locale takes no part.
std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool has_in_name(const PhysicalDevice& device, const std::string& part) {
  return lower_case(device.properties.deviceName).find(lower_case(part)) != std::string::npos;
}

const PhysicalDevice& device_at(const std::vector<PhysicalDevice>& devices, int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= devices.size()) {
    fail(Status::unsupported, "there is no Vulkan device ", index, "; ", describe(devices));
  }
  const PhysicalDevice& device = devices[static_cast<std::size_t>(index)];
  if (!device.compute_family) {
    fail(Status::unsupported, "Vulkan device ", index, " has no queue for compute; ",
         describe(devices));
  }
  return device;
}

}  // namespace

const PhysicalDevice& choose_device(const std::vector<PhysicalDevice>& devices, int index,
                                    const std::string& name) {
  if (index != -1) return device_at(devices, index);
  const PhysicalDevice* best = nullptr;
  for (const PhysicalDevice& device : devices) {
    if (!device.compute_family || !has_in_name(device, name)) continue;
    if (best == nullptr || kind_of(device) < kind_of(*best)) best = &device;
  }
  if (best == nullptr) {
    const std::string wanted = name.empty() ? "" : text_of(" with \"", name, "\" in its name");
    fail(Status::unsupported, "there is no Vulkan device", wanted,
         " that has a queue for compute; ", describe(devices));
  }
  return *best;
}

}  // namespace sched::vulkan

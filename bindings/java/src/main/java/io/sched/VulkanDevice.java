package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_vulkan_device;

/**
 * A Vulkan device of this machine.
 *
 * @param index         for {@link VulkanOptions#deviceIndex(int)}
 * @param isSuitable    true where the library can run on it
 * @param type          a VkPhysicalDeviceType
 * @param vendorId      as Vulkan says
 * @param deviceId      as Vulkan says
 * @param driverVersion as Vulkan says
 * @param apiVersion    as Vulkan says
 * @param name          its name
 */
public record VulkanDevice(int index, boolean isSuitable, int type, long vendorId, long deviceId,
    long driverVersion, long apiVersion, String name) {
  static VulkanDevice of(sched_vulkan_device c) {
    return new VulkanDevice(c.getIndex(), c.getIs_suitable() != 0, c.getType(), c.getVendor_id(),
        c.getDevice_id(), c.getDriver_version(), c.getApi_version(), Raw.sched_flat_device_name(c));
  }
}

package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_flat_info;

/**
 * What a {@link Vulkan} context runs on. Handles stay the context's.
 *
 * @param queueFamily     of the queue
 * @param instance        the VkInstance
 * @param physicalDevice  the VkPhysicalDevice
 * @param device          the VkDevice
 * @param queue           the VkQueue; 0 where it records only
 * @param maxBuffers      descriptors that one step may take, the state's own too
 * @param groupSize       invocations
 * @param maxRange        bytes of one binding; larger tensors take several dispatches
 * @param offsetAlignment of bindings; tensors need 4
 * @param isLost          true once the device was lost
 * @param name            the device's name
 */
public record VulkanInfo(long queueFamily, long instance, long physicalDevice, long device,
    long queue, long maxBuffers, long groupSize, long maxRange, long offsetAlignment,
    boolean isLost, String name) {
  static VulkanInfo of(sched_flat_info c) {
    return new VulkanInfo(c.getQueue_family(), c.getInstance(), c.getPhysical_device(),
        c.getDevice(), c.getQueue(), c.getMax_buffers(), c.getGroup_size(), c.getMax_range(),
        c.getOffset_alignment(), c.getIs_lost() != 0, Raw.sched_flat_info_name(c));
  }
}

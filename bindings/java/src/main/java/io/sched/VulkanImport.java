package io.sched;

import io.sched.raw.sched_flat_import;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The application's Vulkan, all handles by value: {@link Vulkan#of}. Every setter returns this
 * object.
 */
public final class VulkanImport {
  private final List<Consumer<sched_flat_import>> settings = new ArrayList<>();
  private VulkanLimits limits;

  /** Nothing is set yet. */
  public VulkanImport() {}

  private VulkanImport set(Consumer<sched_flat_import> setting) {
    settings.add(setting);
    return this;
  }

  /**
   * The family of the queue, or of the command buffers that will be recorded.
   *
   * @param queueFamily its index
   * @return this
   */
  public VulkanImport queueFamily(int queueFamily) {
    return set(c -> c.setQueue_family(queueFamily));
  }

  /**
   * The loader's entry.
   *
   * @param getInstanceProcAddr a PFN_vkGetInstanceProcAddr
   * @return this
   */
  public VulkanImport getInstanceProcAddr(long getInstanceProcAddr) {
    return set(c -> c.setGet_instance_proc_addr(getInstanceProcAddr));
  }

  /**
   * The instance.
   *
   * @param instance a VkInstance
   * @return this
   */
  public VulkanImport instance(long instance) { return set(c -> c.setInstance(instance)); }

  /**
   * The physical device.
   *
   * @param physicalDevice a VkPhysicalDevice
   * @return this
   */
  public VulkanImport physicalDevice(long physicalDevice) {
    return set(c -> c.setPhysical_device(physicalDevice));
  }

  /**
   * The device.
   *
   * @param device a VkDevice
   * @return this
   */
  public VulkanImport device(long device) { return set(c -> c.setDevice(device)); }

  /**
   * The queue.
   *
   * @param queue a VkQueue; 0, as where it is not set: record only
   * @return this
   */
  public VulkanImport queue(long queue) { return set(c -> c.setQueue(queue)); }

  /**
   * Called before each use of the queue, by any thread.
   *
   * @param lock a void (*)(void* user) of native code
   * @return this
   */
  public VulkanImport lock(long lock) { return set(c -> c.setLock(lock)); }

  /**
   * Called after each use of the queue.
   *
   * @param unlock a void (*)(void* user) of native code
   * @return this
   */
  public VulkanImport unlock(long unlock) { return set(c -> c.setUnlock(unlock)); }

  /**
   * Passed to both.
   *
   * @param user a pointer
   * @return this
   */
  public VulkanImport user(long user) { return set(c -> c.setUser(user)); }

  /**
   * Lower limits than the device's own.
   *
   * @param lower copied when the context is made
   * @return this
   */
  public VulkanImport limits(VulkanLimits lower) {
    limits = Objects.requireNonNull(lower, "lower");
    return this;
  }

  VulkanLimits limits() { return limits; }

  sched_flat_import raw() {
    final sched_flat_import c = new sched_flat_import();
    settings.forEach(setting -> setting.accept(c));
    return c;
  }
}

package io.sched;

import io.sched.raw.sched_vulkan_limits;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Lower limits than the device's own, for tests and for drivers that claim too much. 0 leaves the
 * device's; what claims more than the device offers is refused. Every setter returns this object.
 */
public final class VulkanLimits {
  private final List<Consumer<sched_vulkan_limits>> settings = new ArrayList<>();

  /** Nothing is set yet. */
  public VulkanLimits() {}

  private VulkanLimits set(Consumer<sched_vulkan_limits> setting) {
    settings.add(setting);
    return this;
  }

  /**
   * Storage buffers for each stage.
   *
   * @param maxBuffers at least 4
   * @return this
   */
  public VulkanLimits maxBuffers(int maxBuffers) { return set(c -> c.setMax_buffers(maxBuffers)); }

  /**
   * Invocations in a group.
   *
   * @param maxGroupSize at least 32
   * @return this
   */
  public VulkanLimits maxGroupSize(int maxGroupSize) {
    return set(c -> c.setMax_group_size(maxGroupSize));
  }

  /**
   * Groups along x.
   *
   * @param maxGroupCount at least 64
   * @return this
   */
  public VulkanLimits maxGroupCount(int maxGroupCount) {
    return set(c -> c.setMax_group_count(maxGroupCount));
  }

  /**
   * Bytes of one storage buffer binding.
   *
   * @param maxRange at least 64 KiB
   * @return this
   */
  public VulkanLimits maxRange(long maxRange) { return set(c -> c.setMax_range(maxRange)); }

  /**
   * Alignment of a binding.
   *
   * @param offsetAlignment a power of two up to 4096, the device's or higher
   * @return this
   */
  public VulkanLimits offsetAlignment(long offsetAlignment) {
    return set(c -> c.setOffset_alignment(offsetAlignment));
  }

  /**
   * Flush and invalidate host memory, in whole atoms.
   *
   * @param isNonCoherent whether it is done
   * @return this
   */
  public VulkanLimits isNonCoherent(boolean isNonCoherent) {
    return set(c -> c.setIs_non_coherent(isNonCoherent ? 1 : 0));
  }

  /** The struct; null for null. */
  static sched_vulkan_limits raw(VulkanLimits limits) {
    if (limits == null) return null;
    final sched_vulkan_limits c = new sched_vulkan_limits();
    limits.settings.forEach(setting -> setting.accept(c));
    return c;
  }
}

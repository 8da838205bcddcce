package io.sched;

import java.util.Objects;

/** Which device {@link Vulkan#create(VulkanOptions)} takes. Every setter returns this object. */
public final class VulkanOptions {
  private int deviceIndex = -1;
  private String deviceName;
  private String deviceExtensions;
  private VulkanLimits limits;

  /** The most suitable device, as it is. */
  public VulkanOptions() {}

  /**
   * A device of {@link Vulkan#devices}.
   *
   * @param index -1 chooses by name, or the most suitable
   * @return this
   */
  public VulkanOptions deviceIndex(int index) {
    deviceIndex = index;
    return this;
  }

  /**
   * A device by its name.
   *
   * @param part of the name, in any case
   * @return this
   */
  public VulkanOptions deviceName(String part) {
    deviceName = Objects.requireNonNull(part, "part");
    return this;
  }

  /**
   * Device extensions to enable besides.
   *
   * @param names without spaces
   * @return this
   */
  public VulkanOptions deviceExtensions(String... names) {
    deviceExtensions = String.join(" ", names);
    return this;
  }

  /**
   * Lower limits than the device's own.
   *
   * @param lower copied when the context is made
   * @return this
   */
  public VulkanOptions limits(VulkanLimits lower) {
    limits = Objects.requireNonNull(lower, "lower");
    return this;
  }

  int deviceIndex() { return deviceIndex; }

  String deviceName() { return deviceName; }

  String deviceExtensions() { return deviceExtensions; }

  VulkanLimits limits() { return limits; }
}

package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.SWIGTYPE_p_sched_state;
import io.sched.raw.SWIGTYPE_p_sched_vulkan;
import io.sched.raw.sched_flat_import;
import io.sched.raw.sched_flat_info;
import io.sched.raw.sched_vulkan_device;
import io.sched.raw.sched_vulkan_limits;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * A Vulkan device that states run on: {@link InitOptions#vulkan}. Shared by any number of threads.
 *
 * <p>Closing it frees it; states that were made with it stay valid and keep the device alive. Where
 * it is forgotten, the collector closes it.
 *
 * <p>In a build of the library without Vulkan every function here says {@link Status#UNSUPPORTED}.
 *
 * <p>Recording, for every function that is called so: nothing waits, submits, or allocates. The
 * state's position moves when a call is recorded, not when it is executed. Before its first
 * dispatch a recording makes what compute shaders and transfers wrote visible; what it wrote, the
 * application makes visible (stage COMPUTE_SHADER, access SHADER_WRITE) to whoever reads it, unless
 * that is another recording. <b>Handles cannot be checked</b>: a command buffer must be of this
 * device, in the recording state, outside a render pass, of a family that has compute; buffers must
 * be alive, and as long as said, until it was executed. It is submitted once, and before {@link
 * InitOptions#recordedInFlight} calls more were recorded.
 */
public final class Vulkan implements AutoCloseable {
  /** A library without Vulkan writes no sentence. */
  private static final String NO_SENTENCE =
      "no Vulkan device; this build of the library may have no Vulkan";

  private final SWIGTYPE_p_sched_vulkan handle;
  private final Gate gate;

  private Vulkan(SWIGTYPE_p_sched_vulkan made) {
    handle = made;
    gate = new Gate(this, "Vulkan context", true, () -> Raw.sched_vulkan_free(made));
  }

  /**
   * The devices of this machine, as the loader gives them.
   *
   * @return empty where there is none
   * @throws SchedException {@link Status#UNSUPPORTED} where there is no loader or this build of the
   *     library has no Vulkan; {@link Status#VULKAN}
   */
  public static List<VulkanDevice> devices() {
    final int[] count = new int[1];
    final List<VulkanDevice> devices = new ArrayList<>();
    SchedException.check(Raw.sched_flat_device_count(count), NO_SENTENCE);
    try (sched_vulkan_device c = new sched_vulkan_device()) {
      for (int index = 0; index < count[0]; ++index) {
        SchedException.check(Raw.sched_flat_device_at(index, c), "the devices cannot be listed");
        devices.add(VulkanDevice.of(c));
      }
    }
    return List.copyOf(devices);
  }

  /**
   * Makes a context with a device of its own, the most suitable: a discrete one before an
   * integrated, a virtual and a CPU's.
   *
   * @return the context
   * @throws SchedException as {@link #create(VulkanOptions)}
   */
  public static Vulkan create() { return create(new VulkanOptions()); }

  /**
   * Makes a context with a device of its own.
   *
   * @param options which device
   * @return the context
   * @throws SchedException {@link Status#UNSUPPORTED} where there is no loader, no such device,
   *     none with a compute queue, no such extension, or this build of the library has no Vulkan;
   *     {@link Status#VALUE} for a limit or an index that is out of range; those of Vulkan
   */
  public static Vulkan create(VulkanOptions options) {
    final Outcome outcome = new Outcome();
    try (sched_vulkan_limits limits = VulkanLimits.raw(options.limits())) {
      return new Vulkan(outcome.check(Raw.sched_flat_vulkan_create(options.deviceIndex(),
                                          options.deviceName(), options.deviceExtensions(), limits,
                                          outcome.message, outcome.message.length, outcome.status),
          NO_SENTENCE));
    }
  }

  /**
   * Makes a context on the application's device. No feature and no extension is needed, and nothing
   * of the device is changed.
   *
   * @param options handles, which cannot be checked: they must be alive, belong together, and
   *     outlive the context and every state made with it
   * @return the context
   * @throws SchedException {@link Status#ARGUMENT} where a handle is 0 or there is lock without
   *     unlock; {@link Status#UNSUPPORTED} where the queue family has no compute or does not exist,
   *     or this build of the library has no Vulkan; those of {@link #create(VulkanOptions)}
   */
  public static Vulkan of(VulkanImport options) {
    final Outcome outcome = new Outcome();
    try (sched_flat_import c = options.raw();
         sched_vulkan_limits limits = VulkanLimits.raw(options.limits())) {
      return new Vulkan(outcome.check(Raw.sched_flat_vulkan_import(c, limits, outcome.message,
                                          outcome.message.length, outcome.status),
          NO_SENTENCE));
    }
  }

  /** Calls with the handle of a context, which may be null. */
  static <T> T with(Vulkan vulkan, Function<SWIGTYPE_p_sched_vulkan, T> call) {
    if (vulkan == null) return call.apply(null);
    vulkan.gate.enter();
    try {
      return call.apply(vulkan.handle);
    } finally {
      vulkan.gate.leave();
      Reference.reachabilityFence(vulkan);
    }
  }

  /** {@return what this context runs on} */
  public VulkanInfo info() {
    try (sched_flat_info c = new sched_flat_info()) {
      SchedException.check(with(this, vulkan -> Raw.sched_flat_vulkan_info(vulkan, c)),
          "the context cannot be asked");
      return VulkanInfo.of(c);
    }
  }

  // ------------------------------------------------------------ pipeline cache

  /**
   * The pipelines that the driver compiled, for the application to keep. Compiles them where no
   * state was made yet.
   *
   * @return for {@link #setCache}
   * @throws SchedException {@link Status#DEVICE_LOST}, {@link Status#VULKAN}
   */
  public byte[] cache() {
    final long[] size = new long[1];
    // Another thread's use of the context may let the cache grow between the two calls.
    while (true) {
      cacheTo(null, size);
      final byte[] bytes = new byte[Outcome.length(size[0])];
      if (cacheTo(bytes, size)) return Arrays.copyOf(bytes, (int) size[0]);
    }
  }

  /** False where the cache has outgrown `bytes`. */
  private boolean cacheTo(byte[] bytes, long[] size) {
    final int capacity = bytes == null ? 0 : bytes.length;
    final int code = with(this, v -> Raw.sched_vulkan_get_cache(v, bytes, capacity, size));
    if (code == Status.CAPACITY.code()) return false;
    SchedException.check(code, "the pipeline cache cannot be read");
    return true;
  }

  /**
   * Takes such bytes up, before the first state is made. They are checked before the driver sees
   * them.
   *
   * @param bytes from {@link #cache}
   * @throws SchedException {@link Status#DAMAGED} where they are truncated, changed, or no such
   *     bytes; {@link Status#MISMATCH} where they are of another device, driver, or version of the
   *     library; {@link Status#CONFLICT} where the pipelines are compiled already; {@link
   *     Status#VULKAN}
   */
  public void setCache(byte[] bytes) {
    Objects.requireNonNull(bytes, "bytes");
    SchedException.check(
        with(this, vulkan -> Raw.sched_vulkan_set_cache(vulkan, bytes, bytes.length)),
        "the pipeline cache was not taken up");
  }

  // ----------------------------------------------------------------- recording

  /** The tensors of a recording, as the arrays that the library takes. */
  private static final class Recorded {
    final long[] buffers;
    final long[] offsets;
    final long[] sizes;
    final long[] counts;
    final int[] dtypes;
    long device;

    Recorded(int count) {
      buffers = new long[count];
      offsets = new long[count];
      sizes = new long[count];
      counts = new long[count];
      dtypes = new int[count];
    }

    /** Null for none. */
    Recorded put(int slot, VulkanTensor tensor) {
      if (tensor == null) return this;
      if (device != 0 && tensor.device() != 0 && device != tensor.device()) {
        throw new IllegalArgumentException("the tensors are of different devices");
      }
      if (tensor.device() != 0) device = tensor.device();
      buffers[slot] = tensor.buffer();
      offsets[slot] = tensor.offset();
      sizes[slot] = tensor.bufferSize();
      counts[slot] = tensor.count();
      dtypes[slot] = tensor.dtype().code;
      return this;
    }
  }

  private interface Recording {
    int record(SWIGTYPE_p_sched_vulkan vulkan, SWIGTYPE_p_sched_state state);
  }

  private void record(State state, Recording recording) {
    state.run(s -> with(this, vulkan -> recording.record(vulkan, s)));
  }

  /**
   * Records {@link State#stepWide}.
   *
   * @param state         made with this context
   * @param commandBuffer a VkCommandBuffer
   * @param args          the tensors; group times are in Java's memory
   * @throws SchedException those of {@link State#stepWide}; {@link Status#CONFLICT} where the state
   *     was made with another context; {@link Status#ARGUMENT} for a buffer that is 0, too small,
   *     or of another device; {@link Status#UNSUPPORTED} for more separate buffers than the device
   *     takes, or a step that depends on norms; {@link Status#CAPACITY} for more groups than {@link
   *     InitOptions#recordedGroups}
   */
  public void recordStep(State state, long commandBuffer, StepArgs<VulkanTensor> args) {
    final Recorded r = new Recorded(Slots.COUNT);
    for (int slot = 0; slot < Slots.COUNT; ++slot) r.put(slot, args.tensor(slot));
    // Read once: another thread may set others meanwhile.
    final double[] times = args.times();
    final double[] targets = args.targets();
    record(state,
        (v, s)
            -> Raw.sched_flat_vulkan_record_step(v, s, commandBuffer, r.device, r.buffers,
                r.offsets, r.sizes, r.counts, r.dtypes, r.buffers.length, times,
                StepArgs.length(times), targets, StepArgs.length(targets), args.guidanceScale(),
                args.noNoise()));
  }

  /**
   * Records {@link State#initialNoise(Tensor)}.
   *
   * @param state         made with this context
   * @param commandBuffer a VkCommandBuffer
   * @param out           written
   * @throws SchedException as {@link #recordStep}
   */
  public void recordInitialNoise(State state, long commandBuffer, VulkanTensor out) {
    final Recorded r = new Recorded(1).put(0, out);
    record(state,
        (v, s)
            -> Raw.sched_flat_vulkan_record_initial_noise(v, s, commandBuffer, r.device, r.buffers,
                r.offsets, r.sizes, r.counts, r.dtypes, r.buffers.length));
  }

  /**
   * Records {@link State#scaleInput(Tensor, Tensor)}.
   *
   * @param state         made with this context
   * @param commandBuffer a VkCommandBuffer
   * @param sample        only read
   * @param out           written; may be exactly the sample
   * @throws SchedException as {@link #recordStep}
   */
  public void recordScaleInput(
      State state, long commandBuffer, VulkanTensor sample, VulkanTensor out) {
    final Recorded r = new Recorded(2).put(0, sample).put(1, out);
    record(state,
        (v, s)
            -> Raw.sched_flat_vulkan_record_scale_input(v, s, commandBuffer, r.device, r.buffers,
                r.offsets, r.sizes, r.counts, r.dtypes, r.buffers.length));
  }

  /**
   * Records {@link State#addNoise(long, Tensor, Tensor, Tensor)}.
   *
   * @param state         made with this context
   * @param commandBuffer a VkCommandBuffer
   * @param step          of the whole schedule
   * @param original      clean data; only read
   * @param noise         standard normals, or null; only read
   * @param out           written; may be exactly the original
   * @throws SchedException as {@link #recordStep}
   */
  public void recordAddNoise(State state, long commandBuffer, long step, VulkanTensor original,
      VulkanTensor noise, VulkanTensor out) {
    final Recorded r = new Recorded(3).put(0, original).put(1, noise).put(2, out);
    record(state,
        (v, s)
            -> Raw.sched_flat_vulkan_record_add_noise(v, s, commandBuffer, step, r.device,
                r.buffers, r.offsets, r.sizes, r.counts, r.dtypes, r.buffers.length));
  }

  /** Frees it, once. Calls that other threads are in come to their end before. */
  @Override
  public void close() {
    gate.close();
  }
}

package io.sched;

import static io.sched.Support.N;
import static io.sched.Support.options;
import static io.sched.Support.prediction;
import static io.sched.Support.refused;
import static io.sched.Support.scheduler;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import org.junit.Test;
import org.junit.function.ThrowingRunnable;

/**
 * Vulkan: a device of the library's own, its states, and what recordings refuse. Where there is no
 * device, or no Vulkan in the library, that must be what it says.
 */
public class VulkanTest {
  /** A context; null where this machine has none. */
  private static Vulkan context() {
    try {
      return Vulkan.create();
    } catch (SchedException error) {
      System.out.println("no Vulkan: " + error);
      assertEquals(Status.UNSUPPORTED, error.status());
      assertFalse(error.getMessage().isEmpty());
      return null;
    }
  }

  private static String nameOf(VulkanOptions options) {
    try (Vulkan vulkan = Vulkan.create(options)) {
      assertFalse(vulkan.info().isLost());
      return vulkan.info().name();
    }
  }

  @Test
  public void buildsWithoutVulkanSaySo() {
    if (Kernel.VULKAN.isAvailable()) {
      for (final VulkanDevice device : Vulkan.devices()) assertFalse(device.name().isEmpty());
    } else {
      refused(Status.UNSUPPORTED, "Vulkan", Vulkan::devices);
      assertEquals(null, context());
    }
  }

  @Test
  public void devicesAreListedAndChosen() {
    try (Vulkan vulkan = context()) {
      if (vulkan == null) return;
      final VulkanDevice device =
          Vulkan.devices().stream().filter(VulkanDevice::isSuitable).findFirst().orElseThrow();
      assertTrue(device.apiVersion() > 0);
      assertEquals(device.name(), nameOf(new VulkanOptions().deviceIndex(device.index())));
      final String part = device.name().toLowerCase(java.util.Locale.ROOT).substring(0, 4);
      assertTrue(nameOf(new VulkanOptions().deviceName(part)).toLowerCase().contains(part));
      final VulkanInfo info = vulkan.info();
      assertTrue(info.device() != 0 && info.queue() != 0 && info.instance() != 0);
      assertTrue(info.maxBuffers() >= 4 && info.groupSize() >= 32 && info.maxRange() >= 1 << 16);
    }
    final VulkanLimits limits = new VulkanLimits()
                                    .maxBuffers(4)
                                    .maxGroupSize(32)
                                    .maxGroupCount(64)
                                    .maxRange(1 << 16)
                                    .isNonCoherent(true);
    try (Vulkan limited = Vulkan.create(new VulkanOptions().limits(limits))) {
      assertEquals(4, limited.info().maxBuffers());
      assertEquals(32, limited.info().groupSize());
      assertEquals(1 << 16, limited.info().maxRange());
    }
  }

  private static void refusedOptions(Status status, VulkanOptions options) {
    refused(status, "", () -> Vulkan.create(options));
  }

  @Test
  public void wrongDevicesAreRefused() {
    refusedOptions(Status.UNSUPPORTED, new VulkanOptions().deviceIndex(99));
    refusedOptions(Status.UNSUPPORTED, new VulkanOptions().deviceName("no such \ud83c\udfa8"));
    refusedOptions(Status.UNSUPPORTED, new VulkanOptions().deviceExtensions("VK_NO", "VK_SUCH"));
    refused(NullPointerException.class, "lower", () -> new VulkanOptions().limits(null));
    try (Vulkan vulkan = context()) {
      if (vulkan == null) return;
      refusedOptions(Status.VALUE, new VulkanOptions().deviceIndex(-2));
      for (final VulkanLimits limits :
          java.util.List.of(new VulkanLimits().maxBuffers(3), new VulkanLimits().maxBuffers(-1),
              new VulkanLimits().offsetAlignment(3), new VulkanLimits().maxRange(-1))) {
        refusedOptions(Status.VALUE, new VulkanOptions().limits(limits));
      }
    }
  }

  @Test
  public void theCacheIsKeptByTheApplication() {
    try (Vulkan vulkan = context(); Vulkan fresh = context()) {
      if (vulkan == null) return;
      final byte[] bytes = vulkan.cache();
      final byte[] changed = bytes.clone();
      changed[changed.length - 1] ^= 1;
      refused(Status.DAMAGED, "", () -> fresh.setCache(changed));
      refused(Status.DAMAGED, "", () -> fresh.setCache(new byte[0]));
      refused(NullPointerException.class, "bytes", () -> fresh.setCache(null));
      fresh.setCache(bytes);
      refused(Status.CONFLICT, "", () -> vulkan.setCache(bytes));
    }
  }

  @Test
  public void statesRunOnTheDevice() {
    try (Vulkan vulkan = context()) {
      if (vulkan == null) return;
      for (final String name : Support.CLASSES) {
        try (Scheduler scheduler = scheduler(name); State ours = scheduler.init(options());
             State theirs = scheduler.init(options().vulkan(vulkan))) {
          assertEquals(Kernel.VULKAN, theirs.kernel());
          final float[] x = new float[N];
          final float[] next = new float[N];
          ours.initialNoise(x);
          while (ours.nextCall().isPresent()) {
            final float[] f = prediction(x);
            theirs.step(x, f, next);
            ours.stepInPlace(x, f);
            for (int i = 0; i < N; ++i) {
              assertEquals(name, x[i], next[i], 1e-5 * Math.max(1, Math.abs(x[i])));
            }
          }
          assertTrue(theirs.isFinished() && theirs.canContinue());
        }
      }
    }
  }

  @Test
  public void contextsMayGoBeforeTheirStates() {
    final Vulkan vulkan = context();
    if (vulkan == null) return;
    final InitOptions onDevice = options().vulkan(vulkan);
    try (Scheduler scheduler = scheduler("DDIMScheduler"); State state = scheduler.init(onDevice)) {
      vulkan.close();
      vulkan.close();
      final float[] x = new float[N];
      state.initialNoise(x);
      final byte[] saved = state.save();
      state.stepInPlace(x, prediction(x));
      state.load(saved);
      assertArrayEquals(saved, state.save());
      for (final ThrowingRunnable call : java.util.List.<ThrowingRunnable>of(vulkan::info,
               vulkan::cache, () -> vulkan.setCache(saved), () -> scheduler.init(onDevice))) {
        assertThrows(IllegalStateException.class, call);
      }
    }
  }

  private static VulkanTensor tensor(long device, long buffer) {
    return new VulkanTensor(DType.F32, device, buffer, 0, 4 * N, N);
  }

  /** A command buffer of 0 is refused before anything is recorded. */
  @Test
  public void recordingsAreChecked() {
    try (Vulkan vulkan = context(); Vulkan other = context()) {
      if (vulkan == null) return;
      final long device = vulkan.info().device();
      final VulkanTensor x = tensor(device, 1);
      final VulkanTensor y = tensor(0, 2);
      final StepArgs<VulkanTensor> args = StepArgs.of(x, x).prediction(y);
      try (Scheduler scheduler = scheduler("DDIMScheduler");
           State state =
               scheduler.init(options().vulkan(vulkan).recordedInFlight(2).recordedGroups(8));
           State ofCpu = scheduler.init(options())) {
        refused(Status.ARGUMENT, "command_buffer", () -> vulkan.recordStep(state, 0, args));
        refused(Status.ARGUMENT, "command_buffer", () -> vulkan.recordInitialNoise(state, 0, x));
        refused(Status.ARGUMENT, "command_buffer", () -> vulkan.recordScaleInput(state, 0, x, y));
        refused(Status.ARGUMENT, "command_buffer",
            () -> vulkan.recordAddNoise(state, 0, 0, x, null, y));
        refused(Status.CONFLICT, "", () -> other.recordStep(state, 8, args));
        refused(Status.CONFLICT, "", () -> vulkan.recordStep(ofCpu, 8, args));
        refused(Status.ARGUMENT, "", () -> vulkan.recordInitialNoise(state, 8, null));
        refused(
            Status.ARGUMENT, "", () -> vulkan.recordInitialNoise(state, 8, tensor(device + 8, 1)));
        refused(IllegalArgumentException.class, "different devices",
            () -> vulkan.recordScaleInput(state, 8, x, tensor(device + 8, 1)));
        assertEquals(0, state.callsDone());
      }
    }
  }

  /** Loops that are recorded and executed call by call, against the same on the CPU. */
  @Test
  public void recordedLoopsAreTheLoops() {
    try (Vulkan vulkan = context()) {
      if (vulkan == null) return;
      for (final String name : Support.CLASSES) {
        try (Scheduler scheduler = scheduler(name); State ours = scheduler.init(options());
             State theirs = scheduler.init(options().vulkan(vulkan).recordedInFlight(1));
             Application app = new Application(vulkan.info(), 6, N)) {
          final VulkanTensor x = app.tensor(0);
          final VulkanTensor f = app.tensor(1);
          final float[] sample = new float[N];
          final float[] preview = new float[N];
          final float[] out = new float[N];
          ours.initialNoise(sample);
          app.execute(commands -> vulkan.recordInitialNoise(theirs, commands, x));
          near(name, sample, app.values(0));
          ours.addNoise(2, sample, null, out);
          app.execute(
              commands -> vulkan.recordAddNoise(theirs, commands, 2, x, null, app.tensor(2)));
          near(name, out, app.values(2));
          while (ours.nextCall().isPresent()) {
            ours.scaleInput(sample, out);
            app.execute(c -> vulkan.recordScaleInput(theirs, c, x, app.tensor(3)));
            near(name, out, app.values(3));
            final float[] prediction = prediction(sample);
            app.values(1).put(prediction);
            ours.stepWide(StepArgs.inPlace(Tensor.of(sample))
                              .prediction(Tensor.of(prediction))
                              .denoised(Tensor.of(preview)));
            app.execute(c
                -> vulkan.recordStep(
                    theirs, c, StepArgs.inPlace(x).prediction(f).denoised(app.tensor(4))));
            near(name, sample, app.values(0));
            near(name, preview, app.values(4));
            app.values(0).put(sample);
          }
          assertTrue(theirs.isFinished());
        }
      }
    }
  }

  private static void near(String name, float[] expected, java.nio.FloatBuffer values) {
    for (int i = 0; i < N; ++i) {
      assertEquals(name, expected[i], values.get(i), 1e-5 * Math.max(1, Math.abs(expected[i])));
    }
  }

  /** The device of another context, with locks around its queue. */
  @Test
  public void theApplicationsDeviceIsImported() {
    try (Vulkan owner = context()) {
      if (owner == null) return;
      final VulkanInfo info = owner.info();
      try (Application app = new Application(info, 1, N)) {
        final VulkanImport options = new VulkanImport()
                                         .getInstanceProcAddr(Application.loader())
                                         .instance(info.instance())
                                         .physicalDevice(info.physicalDevice())
                                         .device(info.device())
                                         .queue(info.queue())
                                         .queueFamily((int) info.queueFamily())
                                         .lock(Application.lock())
                                         .unlock(Application.unlock())
                                         .user(app.user());
        try (Vulkan vulkan = Vulkan.of(options.limits(new VulkanLimits().maxBuffers(4)));
             Scheduler scheduler = scheduler("DDIMScheduler");
             State ours = scheduler.init(options());
             State theirs = scheduler.init(options().vulkan(vulkan))) {
          assertEquals(info.device(), vulkan.info().device());
          assertEquals(4, vulkan.info().maxBuffers());
          final float[] x = Support.filled(0.5f, N);
          final float[] y = x.clone();
          ours.stepInPlace(x, prediction(x));
          theirs.stepInPlace(y, prediction(y));
          assertArrayEquals(x, y, 1e-6f);
          assertTrue(app.locks() > 0);
        }
        refused(Status.ARGUMENT, "lock", () -> Vulkan.of(options.unlock(0)));
      }
    }
  }

  @Test
  public void importsAreChecked() {
    final VulkanImport nothing = new VulkanImport()
                                     .queueFamily(0)
                                     .getInstanceProcAddr(0)
                                     .instance(0)
                                     .physicalDevice(0)
                                     .device(0)
                                     .queue(0)
                                     .lock(0)
                                     .unlock(0)
                                     .user(0)
                                     .limits(new VulkanLimits());
    refused(Kernel.VULKAN.isAvailable() ? Status.ARGUMENT : Status.UNSUPPORTED, "",
        () -> Vulkan.of(nothing));
  }
}

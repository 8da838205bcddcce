package io.sched;

import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * An application on the device of a context: a buffer that Java sees, and command buffers. The
 * property sched.application names the library of application.c.
 */
final class Application implements AutoCloseable {
  static { System.load(System.getProperty("sched.application")); }

  private final long app;
  private final long device;
  private final int count;

  /** With room for `tensors` of `count` values. */
  Application(VulkanInfo info, int tensors, int count) {
    device = info.device();
    this.count = count;
    app = open(info.instance(), info.physicalDevice(), device, info.queue(),
        (int) info.queueFamily(), size(tensors));
    assertNotEquals(0, app);
  }

  private static native long open(
      long instance, long physical, long device, long queue, int family, long size);
  private static native long buffer(long app);
  private static native ByteBuffer memory(long app);
  private static native long begin(long app);
  private static native boolean submit(long app, long commands);
  private static native void close(long app);
  private static native int locks(long app);

  /** vkGetInstanceProcAddr. */
  static native long loader();
  /** Functions that count how often they are called with {@link #user}. */
  static native long lock();
  static native long unlock();

  private long size(int tensors) { return (long) tensors * count * Float.BYTES; }

  long user() { return app; }

  int locks() { return locks(app); }

  VulkanTensor tensor(int index) {
    final long size = memory(app).capacity();
    return new VulkanTensor(DType.F32, device, buffer(app), size(index), size, count);
  }

  FloatBuffer values(int index) {
    return memory(app).order(ByteOrder.nativeOrder()).asFloatBuffer().slice(index * count, count);
  }

  /** Records by means of a command buffer, which is then executed. */
  void execute(java.util.function.LongConsumer record) {
    final long commands = begin(app);
    record.accept(commands);
    assertTrue(submit(app, commands));
  }

  @Override
  public void close() {
    close(app);
  }
}

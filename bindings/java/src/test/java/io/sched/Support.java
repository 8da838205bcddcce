package io.sched;

import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.function.ThrowingRunnable;

/** What the tests share. */
final class Support {
  /** Values of a sample: two items of ten. */
  static final int N = 20;

  /** Methods of every sort: without history and with, deterministic and not, of two stages. */
  static final String[] CLASSES = {"DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler",
      "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler",
      "HeunDiscreteScheduler", "PNDMScheduler", "FlowMatchEulerDiscreteScheduler"};

  private Support() {}

  /** JSON with single quotes for double ones. */
  static String json(String text) { return text.replace('\'', '"'); }

  static Scheduler scheduler(String className) {
    return Scheduler.create(json("{'_class_name': '" + className + "'}"));
  }

  /** Ten steps on two items. */
  static InitOptions options() { return InitOptions.steps(10).elements(N / 2).batch(2).seed(42); }

  static State start(String className) {
    try (Scheduler scheduler = scheduler(className)) {
      return scheduler.init(options());
    }
  }

  /** A model that depends on the sample. */
  static float[] prediction(float[] x) {
    final float[] prediction = new float[x.length];
    for (int i = 0; i < x.length; ++i) prediction[i] = (float) Math.sin(0.3 * x[i]);
    return prediction;
  }

  static float[] filled(float value, int count) {
    final float[] values = new float[count];
    java.util.Arrays.fill(values, value);
    return values;
  }

  static ByteBuffer bytes(int count) {
    return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
  }

  static FloatBuffer direct(int count) { return bytes(count * Float.BYTES).asFloatBuffer(); }

  static FloatBuffer direct(float... values) { return direct(values.length).put(0, values); }

  static float[] values(FloatBuffer buffer) {
    final float[] values = new float[buffer.remaining()];
    buffer.get(buffer.position(), values);
    return values;
  }

  /** The library refuses, with these words in its sentence. */
  static void refused(Status status, String words, ThrowingRunnable call) {
    final SchedException error = assertThrows(SchedException.class, call);
    org.junit.Assert.assertEquals(error.getMessage(), status, error.status());
    assertTrue(error.getMessage(), error.getMessage().contains(words));
    assertTrue(error.toString(), error.toString().startsWith(status.name() + ": "));
  }

  /** Java refuses, with these words in the message. */
  static void refused(Class<? extends Exception> type, String words, ThrowingRunnable call) {
    final Exception error = assertThrows(type, call);
    assertTrue(error + "", error.toString().contains(words));
  }
}

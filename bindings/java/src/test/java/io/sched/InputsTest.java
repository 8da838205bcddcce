package io.sched;

import static io.sched.Support.N;
import static io.sched.Support.bytes;
import static io.sched.Support.direct;
import static io.sched.Support.filled;
import static io.sched.Support.prediction;
import static io.sched.Support.refused;
import static io.sched.Support.start;
import static io.sched.Support.values;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.Test;

/** What Java itself refuses, before the library sees it, and what buffers may be. */
public class InputsTest {
  private static final float[] X = filled(0.5f, N);
  private static final float[] F = prediction(X);

  private static float[] right() {
    final float[] next = new float[N];
    try (State state = start("DDIMScheduler")) {
      state.step(X, F, next);
    }
    return next;
  }

  @Test
  public void nulls() {
    final FloatBuffer x = direct(N);
    final FloatBuffer none = null;
    final float[] nothing = null;
    final Tensor nil = null;
    try (State state = start("DDIMScheduler")) {
      refused(NullPointerException.class, "sample", () -> state.step(none, x, x));
      refused(NullPointerException.class, "prediction", () -> state.step(x, none, x));
      refused(NullPointerException.class, "next", () -> state.step(x, x, none));
      refused(NullPointerException.class, "sample", () -> state.stepInPlace(nothing, X));
      refused(NullPointerException.class, "prediction", () -> state.stepInPlace(X, nothing));
      refused(NullPointerException.class, "prediction", () -> state.stepInPlace(Tensor.of(X), nil));
      refused(NullPointerException.class, "sample", () -> state.stepWithoutModel(nil));
      refused(NullPointerException.class, "out", () -> state.initialNoise(none));
      refused(NullPointerException.class, "sample", () -> state.scaleInput(none, x));
      refused(NullPointerException.class, "original", () -> state.addNoise(0, nothing, null, X));
      refused(NullPointerException.class, "out", () -> state.addNoise(0, X, null, nothing));
      refused(NullPointerException.class, "args", () -> state.stepWide(null));
      // Nothing of a refused call is left behind.
      assertArrayEquals(right(), stepped(state, direct(X)), 0);
    }
    refused(NullPointerException.class, "sample", () -> StepArgs.of(nil, nil));
    refused(NullPointerException.class, "next", () -> StepArgs.of(Tensor.of(X), nil));
    final StepArgs<Tensor> args = StepArgs.inPlace(Tensor.of(X));
    refused(NullPointerException.class, "prediction", () -> args.prediction(null));
    refused(NullPointerException.class, "unconditional", () -> args.guidance(null, 2));
    refused(NullPointerException.class, "normals", () -> args.noise(null));
    refused(NullPointerException.class, "second", () -> args.noise(Tensor.of(X), null));
    refused(NullPointerException.class, "out", () -> args.denoised(null));
    refused(NullPointerException.class, "out", () -> args.nextInput(null));
    refused(NullPointerException.class, "original", () -> args.mask(Tensor.of(X), null));
    refused(NullPointerException.class, "normals", () -> args.knownNoise(null));
    refused(NullPointerException.class, "timesteps", () -> args.groupTimesteps((double[]) null));
    refused(NullPointerException.class, "targets", () -> args.groupTargets((double[]) null));
    refused(NullPointerException.class, "", () -> Tensor.of((FloatBuffer) null));
    refused(NullPointerException.class, "", () -> Tensor.of((float[]) null));
    refused(NullPointerException.class, "", () -> Tensor.f16(null));
  }

  private static float[] stepped(State state, FloatBuffer sample) {
    state.stepInPlace(sample, direct(F));
    return values(sample);
  }

  private static void refusedBuffer(String words, FloatBuffer bad) {
    try (State state = start("DDIMScheduler")) {
      final FloatBuffer good = direct(X);
      refused(IllegalArgumentException.class, "sample" + words, () -> state.step(bad, good, good));
      refused(
          IllegalArgumentException.class, "prediction" + words, () -> state.stepInPlace(good, bad));
      refused(
          IllegalArgumentException.class, "next" + words, () -> state.step(good, direct(F), bad));
      refused(IllegalArgumentException.class, "values" + words, () -> Tensor.of(bad));
      assertEquals(0, state.callsDone());
      assertArrayEquals(right(), stepped(state, good), 0);
    }
  }

  @Test
  public void heapBuffers() {
    refusedBuffer(" is not a direct buffer", FloatBuffer.allocate(N));
    refusedBuffer(" is not a direct buffer", FloatBuffer.wrap(new float[N]));
    refused(IllegalArgumentException.class, "direct",
        () -> Tensor.bf16(java.nio.ShortBuffer.allocate(N)));
    refused(IllegalArgumentException.class, "direct",
        () -> Tensor.of(java.nio.DoubleBuffer.allocate(N)));
  }

  @Test
  public void byteOrders() {
    final ByteOrder other = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
        ? ByteOrder.BIG_ENDIAN
        : ByteOrder.LITTLE_ENDIAN;
    final ByteBuffer swapped = bytes(N * 8).order(other);
    refusedBuffer(" is " + other, swapped.asFloatBuffer().limit(N));
    refused(IllegalArgumentException.class, other + "", () -> Tensor.of(swapped.asDoubleBuffer()));
    refused(IllegalArgumentException.class, other + "", () -> Tensor.f16(swapped.asShortBuffer()));
    // What allocateDirect() gives is big-endian, whatever the machine is.
    if (other == ByteOrder.BIG_ENDIAN) {
      refusedBuffer(" is BIG_ENDIAN", ByteBuffer.allocateDirect(N * 4).asFloatBuffer());
    }
  }

  @Test
  public void misalignedBuffers() {
    for (int offset = 1; offset < 4; ++offset) {
      final ByteBuffer shifted =
          bytes(N * 4 + 8).position(offset).slice().order(ByteOrder.nativeOrder());
      refusedBuffer(" does not begin at a multiple", shifted.asFloatBuffer().limit(N));
    }
  }

  @Test
  public void readOnlyBuffers() {
    try (State state = start("DDIMScheduler")) {
      final FloatBuffer good = direct(X);
      final FloatBuffer fixed = direct(X).asReadOnlyBuffer();
      assertThrows(ReadOnlyBufferException.class, () -> state.step(good, direct(F), fixed));
      assertThrows(ReadOnlyBufferException.class, () -> state.stepInPlace(fixed, direct(F)));
      assertThrows(ReadOnlyBufferException.class, () -> state.stepWithoutModel(fixed));
      assertThrows(ReadOnlyBufferException.class, () -> state.initialNoise(fixed));
      assertThrows(ReadOnlyBufferException.class, () -> state.scaleInput(good, fixed));
      assertThrows(ReadOnlyBufferException.class, () -> state.addNoise(0, good, null, fixed));
      for (final StepArgs<Tensor> args :
          java.util.List.of(StepArgs.of(Tensor.of(good), Tensor.of(fixed)),
              StepArgs.inPlace(Tensor.of(good)).denoised(Tensor.of(fixed)),
              StepArgs.inPlace(Tensor.of(good)).nextInput(Tensor.of(fixed)))) {
        assertThrows(
            ReadOnlyBufferException.class, () -> state.stepWide(args.prediction(Tensor.of(F))));
      }
      assertArrayEquals(X, values(fixed), 0);
      assertEquals(0, state.callsDone());
      // As an input it is as good as any.
      final FloatBuffer next = direct(N);
      state.step(fixed, direct(F).asReadOnlyBuffer(), next);
      assertArrayEquals(right(), values(next), 0);
    }
  }

  @Test
  public void positionsAndLimits() {
    final FloatBuffer memory = direct(3 * N + 5);
    for (int i = 0; i < memory.capacity(); ++i) memory.put(i, 9);
    memory.put(3, X).put(3 + N, F);
    final FloatBuffer sample = memory.duplicate().position(3).limit(3 + N);
    final FloatBuffer model = memory.duplicate().position(3 + N).limit(3 + 2 * N);
    final FloatBuffer next = memory.duplicate().position(4 + 2 * N).limit(4 + 3 * N);
    try (State state = start("DDIMScheduler")) {
      state.step(sample, model, next);
    }
    assertArrayEquals(right(), values(next), 0);
    assertArrayEquals(X, values(sample), 0);
    assertEquals(3, sample.position());
    assertEquals(3 + N, sample.limit());
    assertEquals(4 + 2 * N, next.position());
    for (final int outside : new int[] {0, 1, 2, 3 + 2 * N, 4 + 3 * N}) {
      assertEquals(9, memory.get(outside), 0);
    }
    // A limit that leaves too little, though the memory would do.
    try (State state = start("DDIMScheduler")) {
      refused(Status.SHAPE, "next", () -> state.step(sample, model, next.duplicate().limit(3 * N)));
      refused(
          Status.SHAPE, "sample", () -> state.step(sample.duplicate().position(4), model, next));
      // A tensor keeps what it saw.
      final FloatBuffer moved = sample.duplicate();
      final Tensor tensor = Tensor.of(moved);
      moved.position(moved.limit());
      assertEquals(N, tensor.count());
      assertEquals(DType.F32, tensor.dtype());
      state.step(tensor, Tensor.of(F), Tensor.of(next));
      assertArrayEquals(right(), values(next), 0);
    }
  }

  /** Another thread moves the limits meanwhile: what is read is inside the memory all the same. */
  @Test
  public void movingLimits() throws Exception {
    final FloatBuffer memory = direct(1 << 16);
    final FloatBuffer wild = memory.duplicate();
    final Thread thread = new Thread(() -> {
      while (!Thread.currentThread().isInterrupted()) wild.clear().position(1 << 15).limit(1 << 15);
    });
    thread.start();
    for (int i = 0; i < 200_000; ++i) {
      final int count = Tensor.of(wild).count();
      if (count < 0 || count > 1 << 16) throw new AssertionError(count);
    }
    thread.interrupt();
    thread.join();
  }

  @Test
  public void texts() {
    refused(IllegalArgumentException.class, "zero",
        () -> Vulkan.create(new VulkanOptions().deviceName("a\0b")));
    refused(NullPointerException.class, "part", () -> new VulkanOptions().deviceName(null));
  }
}

package io.sched;

import static io.sched.Support.N;
import static io.sched.Support.direct;
import static io.sched.Support.filled;
import static io.sched.Support.scheduler;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.sun.management.ThreadMXBean;
import io.sched.raw.Raw;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import org.junit.Test;

/** Buffers are used where they lie, and a step allocates nothing. */
public class MemoryTest {
  private static final int CALLS = 900;

  private static State start(long elements) {
    try (Scheduler scheduler = scheduler("DPMSolverMultistepScheduler")) {
      return scheduler.init(InitOptions.steps(CALLS).elements(elements));
    }
  }

  /** Bytes that this thread allocates in `CALLS` steps, after as many to warm up. */
  private static long allocated(int elements, java.util.function.Consumer<State> step) {
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final long thread = Thread.currentThread().getId();
    try (State state = start(elements)) {
      final byte[] first = state.save();
      for (int i = 0; i < CALLS; ++i) step.accept(state);
      state.load(first);
      threads.getThreadAllocatedBytes(thread);
      final long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < CALLS; ++i) step.accept(state);
      return threads.getThreadAllocatedBytes(thread) - before;
    }
  }

  @Test
  public void stepsAllocateNothing() {
    final FloatBuffer x = direct(N);
    final FloatBuffer f = direct(N);
    final FloatBuffer next = direct(N);
    final FloatBuffer part = direct(2 * N).position(7).limit(7 + N);
    final Tensor sample = Tensor.of(x);
    final Tensor prediction = Tensor.of(f);
    final Tensor out = Tensor.of(next);
    final StepArgs<Tensor> args = StepArgs.inPlace(sample).prediction(prediction);
    final float[] array = new float[N];
    final float[] other = new float[N];
    assertEquals(0, allocated(N, state -> state.step(x, f, next)));
    assertEquals(0, allocated(N, state -> state.step(part, f, next)));
    assertEquals(0, allocated(N, state -> state.stepInPlace(x, f)));
    assertEquals(0, allocated(N, state -> state.step(sample, prediction, out)));
    assertEquals(0, allocated(N, state -> state.stepWide(args)));
    assertEquals(0, allocated(N, state -> state.stepInPlace(array, other)));
    assertTrue("the counter counts", allocated(N, state -> state.step(x, f, direct(N))) > 0);
  }

  /** Direct memory of the whole process. */
  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
        .stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  @Test
  public void buffersAreUsedWhereTheyLie() {
    final int elements = 1 << 20;
    final FloatBuffer x = direct(filled(0.5f, elements));
    final FloatBuffer f = direct(elements);
    final Tensor tensor = Tensor.of(x.duplicate().position(4));
    assertEquals(Raw.address_of(x) + 16, tensor.address());
    assertEquals(elements - 4, tensor.count());
    final long before = directMemory();
    try (State state = start(elements)) {
      state.stepInPlace(x, f);
      state.stepWide(StepArgs.inPlace(Tensor.of(x)).prediction(Tensor.of(f)));
      // No copy of the binding's: a step of 4 MiB tensors takes no direct memory, and no heap.
      assertEquals(before, directMemory());
      // Arrays go through memory that the state keeps: so much, once.
      final float[] array = filled(0.5f, elements);
      state.stepInPlace(array, new float[elements]);
      final long kept = directMemory() - before;
      assertEquals(3L * elements * Float.BYTES, kept);
      state.stepInPlace(array, new float[elements]);
      assertEquals(kept, directMemory() - before);
    }
  }

  /** What the library writes lies in the buffer itself: an overlap is seen by its address. */
  @Test
  public void theLibrarySeesTheBuffersThemselves() {
    final FloatBuffer memory = direct(2 * N);
    try (State state = Support.start("DDIMScheduler")) {
      Support.refused(
          Status.OVERLAP, "", () -> state.step(memory.slice(0, N), direct(N), memory.slice(1, N)));
      final float[] noise = new float[N];
      state.initialNoise(memory.slice(3, N));
      state.initialNoise(noise);
      assertArrayEquals(noise, Support.values(memory.slice(3, N)), 0);
    }
  }
}

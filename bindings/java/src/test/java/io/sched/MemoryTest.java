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
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.function.Consumer;
import org.junit.Test;

/** Buffers are used where they lie, and a step allocates nothing. */
public class MemoryTest {
  private static final int CALLS = 900;

  private static State start(long elements) {
    try (Scheduler scheduler = scheduler("DPMSolverMultistepScheduler")) {
      return scheduler.init(InitOptions.steps(CALLS).elements(elements));
    }
  }

  /**
   * Bytes that this thread allocates in `CALLS` steps, the least of some rounds: the first ones
   * load classes, and what one step allocates every round does.
   */
  private static long allocated(int elements, Consumer<State> step) {
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final long thread = Thread.currentThread().getId();
    long least = Long.MAX_VALUE;
    try (State state = start(elements)) {
      final byte[] first = state.save();
      for (int round = 0; round < 5; ++round) {
        state.load(first);
        final long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < CALLS; ++i) step.accept(state);
        least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
      }
    }
    return least;
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
    // The counter counts: one small object for each step.
    assertTrue(allocated(N, state -> state.step(x, f, next.duplicate())) >= CALLS * 16L);
  }

  /** Direct memory of the whole process, when the collector has freed what others forgot. */
  private static long settled() throws InterruptedException {
    long before;
    do {
      before = directMemory();
      System.gc();
      Thread.sleep(20);
    } while (directMemory() != before);
    return before;
  }

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
        .stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  @Test
  public void buffersAreUsedWhereTheyLie() throws Exception {
    final int elements = 1 << 20;
    final FloatBuffer x = direct(filled(0.5f, elements));
    final FloatBuffer f = direct(elements);
    final Tensor tensor = Tensor.of(x.duplicate().position(4));
    assertEquals(Raw.address_of(x) + 16, tensor.address());
    assertEquals(elements - 4, tensor.count());
    final float[] array = filled(0.5f, elements);
    final float[] other = new float[elements];
    final long before = settled();
    try (State state = start(elements)) {
      state.stepInPlace(x, f);
      state.stepWide(StepArgs.inPlace(Tensor.of(x)).prediction(Tensor.of(f)));
      // No copy: steps on tensors of 4 MiB take no direct memory, and no heap (above).
      assertEquals(before, directMemory());
      // Arrays go through memory that the state keeps: so much, once.
      for (int i = 0; i < 3; ++i) {
        state.stepInPlace(array, other);
        assertEquals(3L * elements * Float.BYTES, directMemory() - before);
      }
      Reference.reachabilityFence(x);
      Reference.reachabilityFence(f);
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

package io.sched;

import static io.sched.Support.N;
import static io.sched.Support.direct;
import static io.sched.Support.filled;
import static io.sched.Support.options;
import static io.sched.Support.prediction;
import static io.sched.Support.refused;
import static io.sched.Support.scheduler;
import static io.sched.Support.start;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.Test;
import org.junit.function.ThrowingRunnable;

/** Closing, in any order and by any thread, and who may be inside. */
public class LifetimeTest {
  private static float[] finish(State state) {
    final float[] x = new float[Math.toIntExact(state.batch() * state.elements())];
    state.initialNoise(x);
    while (state.nextCall().isPresent()) state.stepInPlace(x, prediction(x));
    state.close();
    return x;
  }

  /** Long enough, with noise, that steps use their threads. */
  @Test
  public void stepsUseThreads() {
    try (Scheduler scheduler = scheduler("EulerAncestralDiscreteScheduler")) {
      final float[] expected = finish(scheduler.init(threaded(0)));
      for (final int threads : new int[] {1, 2, 5}) {
        assertArrayEquals(expected, finish(scheduler.init(threaded(threads))), 0f);
      }
    }
  }

  private static InitOptions threaded(int threads) {
    return InitOptions.steps(2).elements(150001).batch(2).seed(42).threads(threads);
  }

  @Test
  public void closedObjects() {
    final State state = start("DDIMScheduler");
    final byte[] saved = state.save();
    final FloatBuffer x = direct(N);
    state.close();
    state.close();
    for (final ThrowingRunnable call : List.<ThrowingRunnable>of(state::numSteps, state::numCalls,
             state::callsDone, state::isFinished, state::nextCall,
             ()
                 -> state.callAt(0),
             state::calls, state::attempts,
             ()
                 -> state.callEndsStep(0),
             state::kernel, state::bytes, state::canContinue, state::timesteps, state::sigmas,
             state::levels,
             ()
                 -> state.stepForTimestep(0),
             state::initNoiseSigma, state::inputScale, state::nextDraws,
             ()
                 -> state.weights(0),
             state::predictionElements,
             ()
                 -> state.initialNoise(x),
             ()
                 -> state.scaleInput(x, x),
             ()
                 -> state.addNoise(0, x, null, x),
             ()
                 -> state.step(x, x, x),
             ()
                 -> state.stepInPlace(x, x),
             ()
                 -> state.stepWithoutModel(x),
             ()
                 -> state.stepWide(StepArgs.inPlace(Tensor.of(x))),
             state::save, () -> state.load(saved), state::copy)) {
      refused(IllegalStateException.class, "this state is closed", call);
    }
    final Scheduler scheduler = scheduler("DDIMScheduler");
    scheduler.close();
    scheduler.close();
    for (final ThrowingRunnable call : List.<ThrowingRunnable>of(()
                                                                     -> scheduler.init(options()),
             scheduler::method, scheduler::warnings, scheduler::quirks)) {
      refused(IllegalStateException.class, "this scheduler is closed", call);
    }
  }

  @Test
  public void closesComeInAnyOrder() {
    final float[] expected = finish(start("DPMSolverMultistepScheduler"));
    final Scheduler scheduler = scheduler("DPMSolverMultistepScheduler");
    final State first = scheduler.init(options());
    final State second = scheduler.init(options());
    scheduler.close();
    final State third = second.copy();
    second.close();
    assertArrayEquals(expected, finish(first), 0);
    assertArrayEquals(expected, finish(third), 0);
  }

  /** A gate, whose handle counts how often it is freed. */
  private static final class Thing implements AutoCloseable {
    final Gate gate;

    Thing(boolean isShared, AtomicInteger freed) {
      gate = new Gate(this, "thing", isShared, freed::incrementAndGet);
    }

    @Override
    public void close() {
      gate.close();
    }
  }

  @Test
  public void whoIsInsideIsFreedAtTheEnd() {
    final AtomicInteger freed = new AtomicInteger();
    final Thing shared = new Thing(true, freed);
    shared.gate.enter();
    shared.gate.enter();
    shared.close();
    shared.close();
    assertThrows(IllegalStateException.class, shared.gate::enter);
    shared.gate.leave();
    assertEquals(0, freed.get());
    shared.gate.leave();
    assertEquals(1, freed.get());
    shared.close();
    assertEquals(1, freed.get());

    final Thing one = new Thing(false, freed);
    one.gate.enter();
    refused(IllegalStateException.class, "in use", one.gate::enter);
    one.gate.leave();
    one.gate.enter();
    one.gate.leave();
    one.close();
    assertEquals(2, freed.get());
  }

  @Test
  public void theForgottenIsFreedByTheCollector() throws Exception {
    final AtomicInteger freed = new AtomicInteger();
    for (int i = 0; i < 10; ++i) new Thing(i % 2 == 0, freed);
    for (int i = 0; i < 1000 && freed.get() < 10; ++i) {
      System.gc();
      Thread.sleep(5);
    }
    assertEquals(10, freed.get());
    // Each state holds rows of 4 MiB: 400 of them, if none were freed.
    final FloatBuffer x = direct(1 << 20);
    final FloatBuffer f = direct(1 << 20);
    try (Scheduler scheduler = scheduler("DPMSolverMultistepScheduler")) {
      final long before = Overhead.resident();
      for (int i = 0; i < 400; ++i) {
        scheduler.init(InitOptions.steps(5).elements(1 << 20)).stepInPlace(x, f);
        if (i % 20 == 0) System.gc();
      }
      final long grown = Overhead.resident() - before;
      assertTrue("grown by " + grown, grown < 1L << 30);
    }
  }

  private static <T> List<T> together(int threads, Callable<T> work) throws Exception {
    final ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      final List<Future<T>> futures = new ArrayList<>();
      for (int i = 0; i < threads; ++i) futures.add(pool.submit(work));
      final List<T> results = new ArrayList<>();
      for (final Future<T> future : futures) results.add(future.get());
      return results;
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  public void schedulersAreShared() throws Exception {
    try (Scheduler scheduler = scheduler("EulerAncestralDiscreteScheduler")) {
      final float[] expected = finish(scheduler.init(options()));
      together(8, () -> {
        for (int i = 0; i < 20; ++i) {
          assertArrayEquals(expected, finish(scheduler.init(options())), 0);
        }
        return null;
      });
      final State state = scheduler.init(options());
      assertArrayEquals(expected, together(1, () -> finish(state)).get(0), 0);
    }
  }

  /** Threads that hammer one state: each call is done as a whole, or says that it is in use. */
  @Test
  public void oneStateOfTwoThreads() throws Exception {
    final int steps = 900;
    final int elements = 500_000;
    try (Scheduler scheduler = scheduler("DDIMScheduler");
         State state = scheduler.init(InitOptions.steps(steps).elements(elements))) {
      final AtomicInteger done = new AtomicInteger();
      final AtomicInteger inUse = new AtomicInteger();
      final CountDownLatch ready = new CountDownLatch(2);
      together(2, () -> {
        final FloatBuffer x = direct(elements);
        final FloatBuffer f = direct(elements);
        ready.countDown();
        ready.await();
        while (done.get() < steps - 2 && inUse.get() < 1000) {
          try {
            state.stepInPlace(x, f);
            done.incrementAndGet();
          } catch (IllegalStateException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("in use by another thread"));
            inUse.incrementAndGet();
          }
        }
        return null;
      });
      assertEquals(done.get(), state.callsDone());
      assertTrue("they never met", inUse.get() > 0);
    }
  }

  /** What is freed under a call would crash; the step comes to its end, and the next is refused. */
  @Test
  public void closedWhileInUse() throws Exception {
    final int elements = 200_000;
    try (Scheduler scheduler = scheduler("DPMSolverMultistepScheduler")) {
      for (int round = 0; round < 20; ++round) {
        final State state = scheduler.init(InitOptions.steps(999).elements(elements));
        final CountDownLatch running = new CountDownLatch(1);
        final Thread closer = new Thread(() -> {
          try {
            running.await();
            state.close();
          } catch (InterruptedException error) {
            throw new AssertionError(error);
          }
        });
        closer.start();
        final FloatBuffer x = direct(filled(0.5f, elements));
        final FloatBuffer f = direct(elements);
        final IllegalStateException error = assertThrows(IllegalStateException.class, () -> {
          while (true) {
            state.stepInPlace(x, f);
            running.countDown();
          }
        });
        assertEquals("this state is closed", error.getMessage());
        closer.join();
      }
    }
  }

  @Test
  public void schedulersAreClosedWhileInUse() throws Exception {
    for (int round = 0; round < 50; ++round) {
      final Scheduler scheduler = scheduler("DDIMScheduler");
      final List<Integer> made = together(4, () -> {
        int count = 0;
        try {
          while (count < 1000) {
            scheduler.init(options()).close();
            if (++count == 20) scheduler.close();
          }
        } catch (IllegalStateException error) {
          assertEquals("this scheduler is closed", error.getMessage());
        }
        return count;
      });
      assertTrue(made.toString(), made.stream().allMatch(count -> count < 1000));
    }
  }
}

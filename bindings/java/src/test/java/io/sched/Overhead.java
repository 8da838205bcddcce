package io.sched;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * What Java costs: a step of 16 elements through the classes and through the C ABI, in blocks that
 * take turns, as medians; then a million steps, and that the process does not grow. {@code Overhead
 * PROGRAM}, with the program of overhead.c, which does the same in C.
 */
final class Overhead {
  private static final int ELEMENTS = 16;
  private static final int STEPS = 1000;
  private static final int WARM_UP = 100;
  private static final int BLOCKS = 301;
  /** More than the C call, at most; told, not tested: other work decides too. */
  private static final double TARGET_NS = 200;
  /** What the collector and the compilers of Java may still take meanwhile. */
  private static final long GROWTH_BYTES = 16 << 20;

  private final State state;
  private final byte[] start;
  private final FloatBuffer x = Support.direct(ELEMENTS);
  private final FloatBuffer f = Support.direct(Support.filled(0.25f, ELEMENTS));
  private final Tensor sample = Tensor.of(x);
  private final Tensor prediction = Tensor.of(f);
  private final StepArgs<Tensor> args = StepArgs.inPlace(sample).prediction(prediction);
  private final BufferedReader fromC;
  private final OutputStream toC;

  private Overhead(Process program) {
    fromC = new BufferedReader(new InputStreamReader(program.getInputStream()));
    toC = program.getOutputStream();
    try (Scheduler scheduler =
             Scheduler.create("{\"_class_name\": \"DDIMScheduler\", \"clip_sample\": false}")) {
      state = scheduler.init(InitOptions.steps(STEPS).elements(ELEMENTS));
    }
    start = state.save();
  }

  /** A block of C: nanoseconds, and the bits of what came of it. */
  private String[] blockOfC() throws IOException {
    toC.write('\n');
    toC.flush();
    return fromC.readLine().split(" ");
  }

  /** Nanoseconds of a block. */
  private double block(Runnable steps) {
    for (int i = 0; i < ELEMENTS; ++i) x.put(i, 1);
    state.load(start);
    final long begin = System.nanoTime();
    steps.run();
    return System.nanoTime() - begin;
  }

  private void buffers() {
    for (int i = 0; i < STEPS; ++i) state.stepInPlace(x, f);
  }

  private void tensors() {
    for (int i = 0; i < STEPS; ++i) state.stepInPlace(sample, prediction);
  }

  private void wide() {
    for (int i = 0; i < STEPS; ++i) state.stepWide(args);
  }

  private static double median(double[] times) {
    Arrays.sort(times);
    return times[times.length / 2] / STEPS;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private void measure() throws IOException {
    final Runnable[] ways = {this::buffers, this::tensors, this::wide};
    final String[] names = {"FloatBuffers", "Tensors", "stepWide"};
    final double[] c = new double[BLOCKS];
    final double[][] java = new double[ways.length][BLOCKS];
    for (int block = -WARM_UP; block < BLOCKS; ++block) {
      final int at = Math.max(block, 0);
      final String[] ofC = blockOfC();
      c[at] = Double.parseDouble(ofC[0]);
      for (int way = 0; way < ways.length; ++way) {
        java[way][at] = block(ways[way]);
        if (Float.floatToRawIntBits(x.get(0)) != Integer.parseInt(ofC[1])) {
          throw new AssertionError(names[way] + " and C differ");
        }
      }
    }
    final double plain = median(c);
    print("a step of %d elements, medians of %d blocks of %d steps:", ELEMENTS, BLOCKS, STEPS);
    print("  C call       %7.1f ns", plain);
    for (int way = 0; way < ways.length; ++way) {
      final double more = median(java[way]) - plain;
      print("  %-13s%7.1f ns, %+.1f%s", names[way], plain + more, more,
          more <= TARGET_NS ? "" : ", which is too much");
    }
  }

  /** Bytes that the process has in memory. */
  static long resident() throws IOException {
    final String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(pages[1]) * 4096;
  }

  /** True where the process does not grow. */
  private boolean isFlat() throws IOException {
    final int blocks = 1000;
    final long before = resident();
    for (int i = 0; i < blocks; ++i) block(this::buffers);
    final long grown = resident() - before;
    print("%d steps more: %d KiB more", blocks * STEPS, grown / 1024);
    return grown <= GROWTH_BYTES;
  }

  public static void main(String[] arguments) throws Exception {
    final Process program = new ProcessBuilder(arguments[0]).start();
    final Overhead overhead = new Overhead(program);
    overhead.measure();
    final boolean isRight = overhead.isFlat();
    overhead.toC.close();
    System.exit(isRight && program.waitFor() == 0 ? 0 : 1);
  }
}

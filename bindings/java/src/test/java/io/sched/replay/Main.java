package io.sched.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Replays the recorded loops of bindings/conformance/loops.txt in float32: {@code Main REPOSITORY}.
 * Where the environment has SCHED_CONFORMANCE_BITS, the bits of everything must be those.
 */
final class Main {
  private Main() {}

  public static void main(String[] arguments) throws IOException {
    final Path repository = Path.of(arguments[0]);
    final Path list = repository.resolve("bindings/conformance/loops.txt");
    final List<String> names = Files.readAllLines(list)
                                   .stream()
                                   .map(String::trim)
                                   .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                                   .collect(Collectors.toList());
    final Bits bits = new Bits();
    double largest = 0;
    int failed = 0;
    for (final String name : names) {
      try (Replay replay = new Replay(repository.resolve("tests/golden").resolve(name), bits)) {
        final double error = replay.run();
        largest = Math.max(largest, error);
        print("%-48s %-36s %4d calls  %.2e  pass", name, replay.method(), replay.calls(), error);
      } catch (IOException | RuntimeException exception) {
        print("%-48s FAIL  %s", name, exception.getMessage());
        ++failed;
      }
    }
    final String expected = System.getenv("SCHED_CONFORMANCE_BITS");
    final boolean isSame = expected == null || expected.equals(bits.toString());
    if (!isSame) print("FAIL  the bits must be %s", expected);
    print("%d loops, %d failed, largest error %.1e, bits %s", names.size(), failed, largest, bits);
    System.exit(failed == 0 && isSame && !names.isEmpty() ? 0 : 1);
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}

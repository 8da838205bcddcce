package io.sched;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/**
 * Where the native library is found, each in a Java of its own. The properties sched.jar and
 * sched.library name the jar and the library of the build, and sched.old a library of another
 * version.
 */
public class LoaderTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private Path jar;
  private Path classes;
  private Path library;

  @Before
  public void find() {
    jar = Path.of(System.getProperty("sched.jar"));
    classes = jar.resolveSibling("classes");
    library = Path.of(System.getProperty("sched.library"));
  }

  /** What is run: says where the library lies, and moves a sample. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws IOException {
      try (State state = Support.start("DDIMScheduler")) {
        final float[] x = new float[Support.N];
        state.stepInPlace(x, new float[Support.N]);
      }
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        System.out.println(maps.filter(line -> line.contains("sched_java"))
                               .map(line -> line.substring(line.indexOf('/')))
                               .findFirst()
                               .orElseThrow());
      }
    }
  }

  /** Runs it and gives its last line where it succeeds, else all that it said. */
  private String run(boolean isRight, Path classPath, String... properties) throws Exception {
    final List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xshare:auto");
    command.addAll(List.of(properties));
    final String tests =
        Path.of(LoaderTest.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    command.addAll(List.of("-cp",
        String.join(":", classPath.toString(), tests, System.getProperty("sched.junit")),
        Program.class.getName()));
    final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    final String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    assertEquals(output, isRight, process.waitFor() == 0);
    return isRight ? output.substring(output.lastIndexOf('\n') + 1) : output;
  }

  /** The classes, without a library among them. */
  private Path bare() throws IOException {
    final Path bare = folder.newFolder().toPath();
    Files.createSymbolicLink(bare.resolve("io"), classes.resolve("io"));
    return bare;
  }

  private static void contains(String output, String... words) {
    for (final String word : words) assertTrue(output, output.contains(word));
  }

  @Test
  public void thePropertyGoesFirst() throws Exception {
    final Path copy = folder.newFolder().toPath().resolve("mine_sched_java.so");
    Files.copy(library, copy);
    assertEquals(copy.toString(),
        run(true, jar, "-Dio.sched.library=" + copy, "-Djava.library.path=" + library.getParent()));
  }

  /** Who names a file that is wrong learns it, and gets no other. */
  @Test
  public void aWrongPropertyIsNoOther() throws Exception {
    final Path text = folder.newFile("text.so").toPath();
    Files.writeString(text, "no library");
    contains(run(false, jar, "-Dio.sched.library=" + text), "UnsatisfiedLinkError",
        "no native library", "io.sched.library", text.toString());
    contains(run(false, jar, "-Dio.sched.library=/no/such.so"), "/no/such.so");
  }

  @Test
  public void theLibraryPathGoesSecond() throws Exception {
    final Path path = folder.newFolder().toPath();
    final Path copy = path.resolve(library.getFileName());
    Files.copy(library, copy);
    assertEquals(copy.toString(), run(true, jar, "-Djava.library.path=" + path));
    assertEquals(copy.toString(), run(true, bare(), "-Djava.library.path=" + path));
  }

  private List<Path> left(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.getFileName().toString().startsWith("sched-"))
          .collect(Collectors.toList());
    }
  }

  /** Out of a directory of this process alone, and nothing stays behind. */
  @Test
  public void theJarGoesThird() throws Exception {
    final Path temporary = folder.newFolder().toPath();
    final String loaded = run(true, jar, "-Djava.library.path=", "-Dio.sched.tmpdir=" + temporary);
    assertTrue(loaded,
        loaded.matches(temporary + "/sched-\\d+/[0-9a-f]{16}-libsched_java.so \\(deleted\\)"));
    assertEquals(List.of(), left(temporary));
    contains(run(true, jar, "-Djava.library.path=", "-Djava.io.tmpdir=" + temporary),
        temporary + "/sched-");
    assertEquals(List.of(), left(temporary));
  }

  @Test
  public void nothingFoundSaysWhatWasTried() throws Exception {
    contains(run(false, bare(), "-Djava.library.path=/no/such"), "UnsatisfiedLinkError",
        "no native library", "java.library.path: ", "the jar: has no /META-INF/native/linux/");
    contains(run(false, jar, "-Djava.library.path=", "-Dio.sched.tmpdir=/no/such"),
        "the jar: ", "/no/such");
  }

  /** As where /tmp is mounted noexec: the library is there and does not load. */
  @Test
  public void aJarWithABrokenLibrarySaysSo() throws Exception {
    final Path broken = bare();
    final String resource = Files.walk(classes.resolve("META-INF/native"))
                                .filter(Files::isRegularFile)
                                .map(classes::relativize)
                                .findFirst()
                                .orElseThrow()
                                .toString();
    Files.createDirectories(broken.resolve(resource).getParent());
    Files.writeString(broken.resolve(resource), "no library");
    final Path temporary = folder.newFolder().toPath();
    contains(run(false, broken, "-Djava.library.path=", "-Dio.sched.tmpdir=" + temporary),
        "the jar, through io.sched.tmpdir or java.io.tmpdir: ", temporary.toString());
    assertEquals(List.of(), left(temporary));
  }

  @Test
  public void anotherVersionIsRefused() throws Exception {
    contains(run(false, jar, "-Dio.sched.library=" + System.getProperty("sched.old")),
        "UnsatisfiedLinkError", "has version 90009, the classes 100");
  }
}

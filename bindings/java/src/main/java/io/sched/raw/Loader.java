package io.sched.raw;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Finds the native library: where the property {@code io.sched.library} says, else on {@code
 * java.library.path}, else in the jar.
 */
final class Loader {
  private static final String NAME = "sched_java";

  /** What was tried, and what came of it. */
  private final List<String> tried = new ArrayList<>();

  private Loader() {}

  static void load() {
    new Loader().find();
    final int version = RawJNI.sched_version_number();
    if (version != Raw.SCHED_VERSION) {
      throw new UnsatisfiedLinkError("sched: the library that was loaded has version " + version
          + ", the classes " + Raw.SCHED_VERSION + "; take both from one build");
    }
  }

  private void find() {
    final String path = System.getProperty("io.sched.library");
    // Who names a file wants no other.
    if (path != null) {
      if (loadFile(Paths.get(path).toAbsolutePath(), "io.sched.library")) return;
    } else if (loadByName() || loadFromJar()) {
      return;
    }
    throw new UnsatisfiedLinkError(
        "sched: no native library; tried\n  " + String.join("\n  ", tried));
  }

  private boolean loadFile(Path file, String from) {
    try {
      System.load(file.toString());
      return true;
    } catch (UnsatisfiedLinkError error) {
      tried.add(from + ": " + error.getMessage());
      return false;
    }
  }

  private boolean loadByName() {
    try {
      System.loadLibrary(NAME);
      return true;
    } catch (UnsatisfiedLinkError error) {
      tried.add("java.library.path: " + error.getMessage());
      return false;
    }
  }

  // ------------------------------------------------------------------- the jar

  private static String resource() {
    return "/META-INF/native/" + system() + "/" + machine() + "/" + System.mapLibraryName(NAME);
  }

  private static String system() {
    final String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    if (name.startsWith("windows")) return "windows";
    if (name.startsWith("mac")) return "macos";
    return name.replace(' ', '_');
  }

  private static String machine() {
    final String name = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return name.equals("amd64") ? "x86_64" : name;
  }

  private boolean loadFromJar() {
    final String resource = resource();
    try (InputStream stream = Loader.class.getResourceAsStream(resource)) {
      if (stream == null) {
        tried.add("the jar: has no " + resource);
        return false;
      }
      return loadBytes(stream.readAllBytes());
    } catch (IOException error) {
      tried.add("the jar: " + resource + ": " + error);
      return false;
    }
  }

  /** Through a file in a directory of this process alone, which nobody else can write to. */
  private boolean loadBytes(byte[] library) throws IOException {
    final String chosen = System.getProperty("io.sched.tmpdir");
    final Path directory = chosen == null ? Files.createTempDirectory("sched-")
                                          : Files.createTempDirectory(Paths.get(chosen), "sched-");
    final Path file = directory.resolve(hash(library) + "-" + System.mapLibraryName(NAME));
    try {
      Files.write(file, library);
      return loadFile(file.toAbsolutePath(), "the jar, through io.sched.tmpdir or java.io.tmpdir");
    } finally {
      remove(file);
      remove(directory);
    }
  }

  /** At once where the system lets a loaded library go from its folder, else when Java ends. */
  private static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException inUse) {
      path.toFile().deleteOnExit();
    }
  }

  private static String hash(byte[] bytes) {
    try {
      final byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return String.format("%016x", new java.math.BigInteger(1, digest).shiftRight(192));
    } catch (NoSuchAlgorithmException error) {
      throw new AssertionError("every Java has SHA-256", error);
    }
  }
}

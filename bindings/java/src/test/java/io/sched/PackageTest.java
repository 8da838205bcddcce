package io.sched;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.Test;
import org.w3c.dom.Element;

/** The jars and the project file. */
public class PackageTest {
  private static final Path JAR = Path.of(System.getProperty("sched.jar"));

  private static Set<String> entries(String suffix) throws Exception {
    final String name = JAR.toString().replaceFirst("\\.jar$", suffix);
    try (JarFile jar = new JarFile(name)) {
      return jar.stream().map(entry -> entry.getName()).collect(Collectors.toSet());
    }
  }

  @Test
  public void theJarIsAModule() throws Exception {
    final var module = ModuleFinder.of(JAR).find("io.sched").orElseThrow().descriptor();
    // What SWIG makes is nobody else's.
    assertEquals(Set.of("io.sched"),
        module.exports().stream().map(export -> export.source()).collect(Collectors.toSet()));
    final Set<String> entries = entries(".jar");
    assertTrue(entries.contains("META-INF/LICENSE"));
    assertTrue(entries.stream().anyMatch(
        name -> name.matches("META-INF/native/linux/[a-z0-9_]+/libsched_java.so")));
    // The library of the jar is that of the build.
    final String library = entries.stream().filter(name -> name.endsWith(".so")).findFirst().get();
    try (JarFile jar = new JarFile(JAR.toFile())) {
      final byte[] bytes = jar.getInputStream(jar.getEntry(library)).readAllBytes();
      org.junit.Assert.assertArrayEquals(
          Files.readAllBytes(Path.of(System.getProperty("sched.library"))), bytes);
    }
  }

  @Test
  public void sourcesAndDocumentsHaveEveryClass() throws Exception {
    final Set<String> sources = entries("-sources.jar");
    final Set<String> documents = entries("-javadoc.jar");
    for (final File file : new File(System.getProperty("sched.java"), "src/main/java/io/sched")
                               .listFiles((folder, name) -> name.endsWith(".java"))) {
      assertTrue(sources.contains("io/sched/" + file.getName()));
      if (!Files.readString(file.toPath()).contains("\npublic ")) continue;
      assertTrue(documents.contains("io/sched/" + file.getName().replace(".java", ".html")));
    }
    assertTrue(sources.contains("io/sched/raw/RawJNI.java"));
  }

  @Test
  public void theProjectFileHasTheLibrarysVersion() throws Exception {
    final Element project =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(Path.of(System.getProperty("sched.java"), "pom.xml").toFile())
            .getDocumentElement();
    assertEquals("project", project.getTagName());
    // The first of its name is the project's own.
    assertEquals(
        Scheduler.version(), project.getElementsByTagName("version").item(0).getTextContent());
    assertTrue(JAR.endsWith("sched-" + Scheduler.version() + ".jar"));
  }
}

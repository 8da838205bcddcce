package io.sched.replay;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** The readers of the replay. */
public class FilesTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  /** A file whose header has `length`, and this after it. */
  private void isNoLoop(String words, int length, String rest) throws Exception {
    final Path path = folder.newFile().toPath();
    Files.write(path, ((char) length + "\0\0\0\0\0\0\0" + rest).getBytes(StandardCharsets.UTF_8));
    final Exception error =
        assertThrows(IllegalArgumentException.class, () -> new Replay(path, new Bits()).close());
    assertEquals(error.getMessage(), true, error.getMessage().contains(words));
  }

  @Test
  public void filesThatAreNoLoops() throws Exception {
    isNoLoop("larger than the file", 5, "{}");
    isNoLoop("not JSON", 2, "{]");
    isNoLoop("'init' is missing", 2, "{}");
    final String tensor = "{\"init\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    isNoLoop("outside the file", tensor.length(), tensor + "    ");
    isNoLoop("disagree", tensor.length(), tensor.replace("[1]", "[3]") + "12345678");
    final Path empty = folder.newFile().toPath();
    assertThrows(IllegalArgumentException.class, () -> new Replay(empty, new Bits()).close());
  }

  @Test
  public void jsonIsReadAndWritten() {
    final String text = "{\"a\": [1, -2.5, true, null], \"b \\\"\\\\\\u0001\": {}, \"c\": []}";
    assertEquals(text, Json.write(Json.parse(" " + text + "\n")));
    assertEquals("\u00e4\n/", Json.parse("\"\\u00e4\\n\\/\""));
    for (final String wrong : new String[] {
             "", "{", "[1,]", "[1 2]", "{\"a\"}", "\"a", "tru", "1 2", "\"\\", "--1", "{1: 2}"}) {
      assertThrows(wrong, IllegalArgumentException.class, () -> Json.parse(wrong));
    }
  }

  /** The hash of nothing, and of "abcd". */
  @Test
  public void bitsAreFnv() {
    final Bits bits = new Bits();
    assertEquals("cbf29ce484222325", bits.toString());
    bits.add(java.nio.FloatBuffer.wrap(new float[] {Float.intBitsToFloat(0x64636261)}));
    assertEquals("fc179f83ee0724dd", bits.toString());
  }
}

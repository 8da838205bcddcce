package io.sched;

import java.nio.charset.StandardCharsets;

/** What a call that makes a handle says besides: its status, and the sentence where it fails. */
final class Outcome {
  /** What every JVM allows. */
  private static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

  final int[] status = new int[1];
  /** Long enough for a sentence that lists every key of a class. */
  final byte[] message = new byte[4096];

  /** The handle, where there is one; `otherwise` is the sentence where the library left none. */
  <T> T check(T handle, String otherwise) {
    final String sentence = sentence();
    SchedException.check(status[0], sentence.isEmpty() ? otherwise : sentence);
    if (handle == null) throw new SchedException(Status.INTERNAL, "no handle and no error");
    return handle;
  }

  private String sentence() {
    int length = 0;
    while (length < message.length && message[length] != 0) ++length;
    final String text = new String(message, 0, length, StandardCharsets.UTF_8);
    // A sentence that fills the buffer may have been cut within a character.
    return length < message.length - 1 ? text : text.replaceFirst("\uFFFD+$", "");
  }

  /** Of an array that holds so much. */
  static int length(long count) {
    if (count <= MAX_LENGTH) return (int) count;
    throw new SchedException(
        Status.CAPACITY, count + " entries are more than an array of Java can have");
  }
}

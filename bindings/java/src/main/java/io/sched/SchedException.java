package io.sched;

/**
 * A call that the library refused. It changed nothing, wrote to no output tensor, and may be tried
 * again.
 *
 * <p>What Java itself can tell is an exception of Java's: {@link NullPointerException} for a null,
 * {@link IllegalArgumentException} for a buffer that no native code can use, {@link
 * java.nio.ReadOnlyBufferException} for an output that cannot be written, {@link
 * IllegalStateException} for an object that was closed or is in use by another thread.
 */
public final class SchedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Which kind of error. */
  private final Status status;

  SchedException(Status status, String sentence) {
    super(sentence == null || sentence.isEmpty() ? status.codeName() : sentence);
    this.status = status;
  }

  /** {@return which kind of error this is} */
  public Status status() { return status; }

  /** Throws where `code` is an error. */
  static void check(int code, String sentence) {
    if (code != 0) throw new SchedException(Status.of(code), sentence);
  }

  @Override
  public String toString() {
    return status + ": " + getMessage();
  }
}

package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.SWIGTYPE_p_sched_scheduler;
import java.lang.ref.Reference;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A scheduler: a configuration that was read and found right. Immutable, and shared by any number
 * of threads.
 *
 * <p>Closing it frees it; states that were made from it stay valid. Where it is forgotten, the
 * collector closes it.
 */
public final class Scheduler implements AutoCloseable {
  private final SWIGTYPE_p_sched_scheduler handle;
  private final Gate gate;

  private Scheduler(byte[] config, boolean isLenient) {
    Objects.requireNonNull(config, "config");
    final Outcome outcome = new Outcome();
    final SWIGTYPE_p_sched_scheduler made =
        outcome.check(Raw.sched_flat_create(config, config.length, isLenient ? 1 : 0,
                          outcome.message, outcome.message.length, outcome.status),
            "");
    handle = made;
    gate = new Gate(this, "scheduler", true, () -> Raw.sched_free(made));
  }

  /**
   * Reads a configuration: JSON text. Either
   *
   * <ul>
   *   <li>a diffusers {@code scheduler_config.json}, where {@code _class_name} names the method and
   *       missing keys take that class's defaults, or
   *   <li>our own composition, {@code {"solver": ..., "schedule": ..., "grid": ...,
   *       "parameterization": ..., "quirks": [...]}}.
   * </ul>
   *
   * A key that does not belong is an error, but for those that begin with {@code _}.
   *
   * @param config the text
   * @return the scheduler
   * @throws SchedException {@link Status#JSON}, {@link Status#UNKNOWN_CLASS}, {@link
   *     Status#UNKNOWN_KEY}, {@link Status#TYPE}, {@link Status#VALUE}, {@link Status#CONFLICT}
   * @throws IllegalArgumentException where the text has half of a surrogate pair
   */
  public static Scheduler create(String config) { return new Scheduler(utf8(config), false); }

  /**
   * As {@link #create(String)}, from a file's bytes.
   *
   * @param config UTF-8
   * @return the scheduler
   */
  public static Scheduler create(byte[] config) { return new Scheduler(config, false); }

  /**
   * As {@link #create(String)}, but unknown and unused keys become {@link #warnings}, for published
   * files that carry stray keys.
   *
   * @param config the text
   * @return the scheduler
   */
  public static Scheduler lenient(String config) { return new Scheduler(utf8(config), true); }

  /**
   * As {@link #lenient(String)}, from a file's bytes.
   *
   * @param config UTF-8
   * @return the scheduler
   */
  public static Scheduler lenient(byte[] config) { return new Scheduler(config, true); }

  /** Unlike getBytes(), which would put question marks for what is no text. */
  private static byte[] utf8(String text) {
    try {
      final var bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      return Arrays.copyOf(bytes.array(), bytes.limit());
    } catch (CharacterCodingException error) {
      throw new IllegalArgumentException("the text has half of a surrogate pair", error);
    }
  }

  /**
   * Starts a loop: plans every step and reserves the memory that the method needs.
   *
   * @param options steps, or lists of custom ones, and the shape; copied
   * @return the loop
   * @throws SchedException {@link Status#STEPS}, {@link Status#TIMESTEPS}, {@link Status#OPTION},
   *     {@link Status#CONFLICT}, {@link Status#VALUE}, {@link Status#SHAPE}, {@link Status#DTYPE},
   *     {@link Status#NOT_FINITE}, {@link Status#UNSUPPORTED}, {@link Status#MEMORY}, and those of
   *     Vulkan
   */
  public State init(InitOptions options) {
    Objects.requireNonNull(options, "options");
    return ask(scheduler -> new State(options.init(scheduler)));
  }

  /** {@return which method this is} */
  public Method method() { return Method.at(ask(Raw::sched_method)); }

  /** {@return what {@link #lenient(String)} collected} */
  public List<String> warnings() {
    return ask(scheduler
        -> IntStream.range(0, Raw.sched_warning_count(scheduler))
               .mapToObj(index -> Raw.sched_warning(scheduler, index))
               .collect(Collectors.toUnmodifiableList()));
  }

  /**
   * The quirks that are on: what diffusers does that a paper does not. They come with diffusers
   * files; our own composition has those that its key "quirks" lists.
   *
   * @return their names, for {@link #quirkDescription}
   */
  public List<String> quirks() {
    return ask(scheduler
        -> IntStream.range(0, Raw.sched_quirk_count(scheduler))
               .mapToObj(index -> Raw.sched_quirk(scheduler, index))
               .collect(Collectors.toUnmodifiableList()));
  }

  /**
   * What a quirk does, in a sentence.
   *
   * @param quirk its name
   * @return nothing where there is none of that name
   */
  public static Optional<String> quirkDescription(String quirk) {
    Objects.requireNonNull(quirk, "quirk");
    if (quirk.indexOf('\0') >= 0) return Optional.empty();
    return Optional.ofNullable(Raw.sched_quirk_description(quirk));
  }

  /** {@return the version of the library that is running, "0.1.0"} */
  public static String version() { return Raw.sched_version_string(); }

  /** {@return the version of the library that is running, major * 10000 + minor * 100 + patch} */
  public static int versionNumber() { return Raw.sched_version_number(); }

  private <T> T ask(Function<SWIGTYPE_p_sched_scheduler, T> question) {
    gate.enter();
    try {
      return question.apply(handle);
    } finally {
      gate.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** Frees it, once. Calls that other threads are in come to their end before. */
  @Override
  public void close() {
    gate.close();
  }
}

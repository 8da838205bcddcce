package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_method_info;
import io.sched.raw.sched_option_info;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a method is and what a step of it costs, before anything is run.
 *
 * @param index        its place in {@link #all}
 * @param name         solver name in our own composition: "euler"
 * @param className    diffusers class, "EulerDiscreteScheduler"; empty for a solver of our own
 *                     composition
 * @param paper        where the method was published
 * @param callsPerStep model calls per step (PNDM's start takes more)
 * @param memoryRows   sample-sized rows that a state keeps, at most
 * @param drawsPerStep normal draws per step, at most
 * @param maxOrder     highest order of accuracy, without noise
 * @param stochastic   whether it draws noise
 */
public record Method(int index, String name, String className, String paper, int callsPerStep,
    int memoryRows, int drawsPerStep, int maxOrder, Stochastic stochastic) {
  /**
   * One option of a method. Keys of a solver of our own composition are those of its section
   * "solver".
   *
   * @param atInit       false: a key of the configuration; true: an option of {@link InitOptions}
   * @param name         "timestep_spacing"
   * @param type         "boolean", "integer", "number", "string", "list" or "null"
   * @param defaultValue as JSON: "\"linspace\""
   * @param allowed      "linspace | leading | trailing", or empty
   */
  public record Option(
      boolean atInit, String name, String type, String defaultValue, String allowed) {}

  /** {@return every method, in order of index} */
  public static List<Method> all() {
    final List<Method> methods = new ArrayList<>();
    for (int index = 0; index < Raw.sched_method_count(); ++index) methods.add(at(index));
    return List.copyOf(methods);
  }

  /**
   * The method of a diffusers class, or of a solver of our own composition.
   *
   * @param name the class or the solver
   * @return nothing where there is none, since asking is not an error
   */
  public static Optional<Method> find(String name) {
    Objects.requireNonNull(name, "name");
    final int[] index = new int[1];
    if (name.indexOf('\0') >= 0 || Raw.sched_method_find(name, index) != 0) return Optional.empty();
    return Optional.of(at(index[0]));
  }

  static Method at(int index) {
    try (sched_method_info c = new sched_method_info()) {
      SchedException.check(Raw.sched_method_at(index, c), "there is no method with this index");
      return new Method(index, c.getName(), c.getClass_name(), c.getPaper(), c.getCalls_per_step(),
          c.getMemory_rows(), c.getDraws_per_step(), c.getMax_order(),
          Stochastic.values()[c.getStochastic()]);
    }
  }

  /** {@return the options of this method} */
  public List<Option> options() {
    final List<Option> options = new ArrayList<>();
    try (sched_option_info c = new sched_option_info()) {
      for (int i = 0; i < Raw.sched_option_count(index); ++i) {
        SchedException.check(
            Raw.sched_option_at(index, i, c), "there is no option with this index");
        options.add(new Option(
            c.getAt_init() != 0, c.getName(), c.getType(), c.getDefault_value(), c.getAllowed()));
      }
    }
    return List.copyOf(options);
  }
}

package io.sched;

/** Whether a method draws noise, in the order of the library's numbers. */
public enum Stochastic {
  /** It never does. */
  NEVER,
  /** Where an option asks for it. */
  OPTIONAL,
  /** It always does. */
  ALWAYS
}

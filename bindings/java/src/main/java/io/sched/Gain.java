package io.sched;

/**
 * What multiplies the first draw, of v, the second half of the prediction; in the order of the
 * library's numbers.
 */
public enum Gain {
  /** Nothing. */
  NONE,
  /** exp({@link Weights#gainOffset} + {@link Weights#gainSlope} * v). */
  EXPONENTIAL,
  /** sqrt(v). */
  SQUARE_ROOT
}

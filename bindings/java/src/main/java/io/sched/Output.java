package io.sched;

import io.sched.raw.sched_output;

/** What a row of {@link Weights} makes. */
public enum Output {
  /** The next sample. */
  NEXT(sched_output.SCHED_OUTPUT_NEXT),
  /** The preview. */
  DENOISED(sched_output.SCHED_OUTPUT_DENOISED),
  /** Row 0 that the state keeps. */
  MEMORY0(sched_output.SCHED_OUTPUT_MEMORY0),
  /** Row 1 that the state keeps. */
  MEMORY1(sched_output.SCHED_OUTPUT_MEMORY0 + 1),
  /** Row 2 that the state keeps. */
  MEMORY2(sched_output.SCHED_OUTPUT_MEMORY0 + 2),
  /** Row 3 that the state keeps. */
  MEMORY3(sched_output.SCHED_OUTPUT_MEMORY0 + 3),
  /** Row 4 that the state keeps. */
  MEMORY4(sched_output.SCHED_OUTPUT_MEMORY0 + 4),
  /** Row 5 that the state keeps. */
  MEMORY5(sched_output.SCHED_OUTPUT_MEMORY0 + 5),
  /** Row 6 that the state keeps. */
  MEMORY6(sched_output.SCHED_OUTPUT_MEMORY0 + 6),
  /** Row 7 that the state keeps. */
  MEMORY7(sched_output.SCHED_OUTPUT_MEMORY0 + 7),
  /** RePaint: what the next sample is where the mask is 1. */
  KNOWN(sched_output.SCHED_OUTPUT_KNOWN);

  final int code;

  Output(int code) { this.code = code; }
}

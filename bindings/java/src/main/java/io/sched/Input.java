package io.sched;

import io.sched.raw.sched_input;

/** What a weight multiplies. */
public enum Input {
  /** The sample. */
  SAMPLE(sched_input.SCHED_INPUT_SAMPLE),
  /** The model's prediction. */
  PREDICTION(sched_input.SCHED_INPUT_PREDICTION),
  /** x0 after clipping; only where there is a clip. */
  DENOISED(sched_input.SCHED_INPUT_DENOISED),
  /** The first normal draw. */
  NOISE0(sched_input.SCHED_INPUT_NOISE0),
  /** The second normal draw. */
  NOISE1(sched_input.SCHED_INPUT_NOISE1),
  /** The unconditional prediction. */
  UNCONDITIONAL(sched_input.SCHED_INPUT_UNCONDITIONAL),
  /** Row 0 that the state keeps. */
  MEMORY0(sched_input.SCHED_INPUT_MEMORY0),
  /** Row 1 that the state keeps. */
  MEMORY1(sched_input.SCHED_INPUT_MEMORY0 + 1),
  /** Row 2 that the state keeps. */
  MEMORY2(sched_input.SCHED_INPUT_MEMORY0 + 2),
  /** Row 3 that the state keeps. */
  MEMORY3(sched_input.SCHED_INPUT_MEMORY0 + 3),
  /** Row 4 that the state keeps. */
  MEMORY4(sched_input.SCHED_INPUT_MEMORY0 + 4),
  /** Row 5 that the state keeps. */
  MEMORY5(sched_input.SCHED_INPUT_MEMORY0 + 5),
  /** Row 6 that the state keeps. */
  MEMORY6(sched_input.SCHED_INPUT_MEMORY0 + 6),
  /** Row 7 that the state keeps. */
  MEMORY7(sched_input.SCHED_INPUT_MEMORY0 + 7),
  /** The clean data under the mask. */
  ORIGINAL(sched_input.SCHED_INPUT_ORIGINAL),
  /** The noise of the clean data under the mask. */
  KNOWN_NOISE(sched_input.SCHED_INPUT_KNOWN_NOISE);

  final int code;

  Input(int code) { this.code = code; }
}

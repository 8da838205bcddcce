package io.sched;

import io.sched.raw.sched_clip;

/** How x0 is clipped. */
public enum Clip {
  /** Not at all. */
  NONE(sched_clip.SCHED_CLIP_NONE),
  /** Clamped to plus or minus {@link Weights#clipRange}. */
  RANGE(sched_clip.SCHED_CLIP_RANGE),
  /** Dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487). */
  QUANTILE(sched_clip.SCHED_CLIP_QUANTILE);

  final int code;

  Clip(int code) { this.code = code; }
}

package io.sched;

import io.sched.raw.sched_draw_policy;

/** Which draws a reference takes from its generator besides those that a method needs. */
public enum DrawPolicy {
  /** None is thrown away. */
  NONE(sched_draw_policy.SCHED_DRAWS_NONE),
  /** Those of a diffusers class. */
  DIFFUSERS(sched_draw_policy.SCHED_DRAWS_DIFFUSERS),
  /** Those of a sampler of k-diffusion. */
  K_DIFFUSION(sched_draw_policy.SCHED_DRAWS_K_DIFFUSION),
  /** Those of ComfyUI, whose steps have another seed than the first sample. */
  COMFYUI(sched_draw_policy.SCHED_DRAWS_COMFYUI),
  /** Those of Bumblebee, with a key for each item. */
  BUMBLEBEE(sched_draw_policy.SCHED_DRAWS_BUMBLEBEE);

  final int code;

  DrawPolicy(int code) { this.code = code; }
}

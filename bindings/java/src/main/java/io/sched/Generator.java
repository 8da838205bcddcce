package io.sched;

import io.sched.raw.sched_generator;

/** Whose normals a loop draws. */
public enum Generator {
  /** The library's own. */
  PHILOX(sched_generator.SCHED_GENERATOR_PHILOX),
  /** torch.randn() on a CPU. */
  TORCH_CPU(sched_generator.SCHED_GENERATOR_TORCH_CPU),
  /** torch.randn() on a card, which has to be named. */
  TORCH_CUDA(sched_generator.SCHED_GENERATOR_TORCH_CUDA),
  /** Nx, and JAX with jax_threefry_partitionable off; the seed is the key. */
  NX(sched_generator.SCHED_GENERATOR_NX),
  /** JAX as it is now; the seed is the key. */
  JAX(sched_generator.SCHED_GENERATOR_JAX),
  /** None: every normal is handed in. */
  CALLER(sched_generator.SCHED_GENERATOR_CALLER);

  final int code;

  Generator(int code) { this.code = code; }
}

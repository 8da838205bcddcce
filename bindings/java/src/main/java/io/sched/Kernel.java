package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_kernel;

/** What runs a state's steps. */
public enum Kernel {
  /** The library's choice. */
  DEFAULT(sched_kernel.SCHED_KERNEL_DEFAULT),
  /** A plain loop in float64: the definition of correct. */
  REFERENCE(sched_kernel.SCHED_KERNEL_REFERENCE),
  /** One pass, SIMD, instruction set chosen at run time. */
  FUSED(sched_kernel.SCHED_KERNEL_FUSED),
  /** OpenBLAS, tiled. */
  BLAS(sched_kernel.SCHED_KERNEL_BLAS),
  /** Compute shaders; see {@link Vulkan}. */
  VULKAN(sched_kernel.SCHED_KERNEL_VULKAN);

  final int code;

  Kernel(int code) { this.code = code; }

  /** {@return true where this build of the library has the kernel} */
  public boolean isAvailable() { return Raw.sched_kernel_available(code) != 0; }
}

package io.sched;

import io.sched.raw.sched_dtype;

/** Element type of a tensor. */
public enum DType {
  /** IEEE binary32: {@code FloatBuffer} and {@code float[]}. */
  F32(sched_dtype.SCHED_F32),
  /** IEEE binary16, as bits in a {@code ShortBuffer}; arithmetic is float32. */
  F16(sched_dtype.SCHED_F16),
  /** bfloat16, as bits in a {@code ShortBuffer}; arithmetic is float32. */
  BF16(sched_dtype.SCHED_BF16),
  /** IEEE binary64: {@code DoubleBuffer}; only {@link Kernel#REFERENCE}. */
  F64(sched_dtype.SCHED_F64);

  final int code;

  DType(int code) { this.code = code; }
}

package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_status;

/** The kinds of errors. Their codes keep their numbers for ever. */
public enum Status {
  /** An argument that cannot be: a tensor is missing, a count is negative. */
  ARGUMENT(sched_status.SCHED_ERROR_ARGUMENT),
  /** A struct's size is not one that the library knows: classes and library do not fit. */
  STRUCT_SIZE(sched_status.SCHED_ERROR_STRUCT_SIZE),
  /** The text is not valid JSON, or not UTF-8. */
  JSON(sched_status.SCHED_ERROR_JSON),
  /** No such scheduler class or solver. */
  UNKNOWN_CLASS(sched_status.SCHED_ERROR_UNKNOWN_CLASS),
  /** The configuration has a key that does not belong. */
  UNKNOWN_KEY(sched_status.SCHED_ERROR_UNKNOWN_KEY),
  /** A key has a value of the wrong JSON type. */
  TYPE(sched_status.SCHED_ERROR_TYPE),
  /** A value is not among those allowed. */
  VALUE(sched_status.SCHED_ERROR_VALUE),
  /** Two keys or options exclude each other. */
  CONFLICT(sched_status.SCHED_ERROR_CONFLICT),
  /** Number of steps, begin or end out of range. */
  STEPS(sched_status.SCHED_ERROR_STEPS),
  /** Custom timesteps or sigmas are unusable. */
  TIMESTEPS(sched_status.SCHED_ERROR_TIMESTEPS),
  /** An option that this method does not have. */
  OPTION(sched_status.SCHED_ERROR_OPTION),
  /** A tensor's length differs from the shape given at the start. */
  SHAPE(sched_status.SCHED_ERROR_SHAPE),
  /** An element type that is not supported here. */
  DTYPE(sched_status.SCHED_ERROR_DTYPE),
  /** Tensors overlap in a way that is not allowed. */
  OVERLAP(sched_status.SCHED_ERROR_OVERLAP),
  /** Every step is done. */
  FINISHED(sched_status.SCHED_ERROR_FINISHED),
  /** A weight would be infinite or NaN. */
  NOT_FINITE(sched_status.SCHED_ERROR_NOT_FINITE),
  /** A buffer is too small. */
  CAPACITY(sched_status.SCHED_ERROR_CAPACITY),
  /** Saved bytes are truncated or changed. */
  DAMAGED(sched_status.SCHED_ERROR_DAMAGED),
  /** Saved bytes belong to another configuration. */
  MISMATCH(sched_status.SCHED_ERROR_MISMATCH),
  /** Valid, but not in this build. */
  UNSUPPORTED(sched_status.SCHED_ERROR_UNSUPPORTED),
  /** An allocation of the library's failed. */
  MEMORY(sched_status.SCHED_ERROR_MEMORY),
  /** A bug in the library: please report it. */
  INTERNAL(sched_status.SCHED_ERROR_INTERNAL),
  /** The Vulkan device is gone; see {@link State#canContinue}. */
  DEVICE_LOST(sched_status.SCHED_ERROR_DEVICE_LOST),
  /** The Vulkan device has no memory left. */
  DEVICE_MEMORY(sched_status.SCHED_ERROR_DEVICE_MEMORY),
  /** Another failure of Vulkan, named in the sentence. */
  VULKAN(sched_status.SCHED_ERROR_VULKAN),
  /** Another call is inside the state. */
  IN_USE(sched_status.SCHED_ERROR_IN_USE);

  private final int code;

  Status(int code) { this.code = code; }

  /** {@return the code in the C ABI, -12 for example} */
  public int code() { return code; }

  /** {@return the code's name in the C ABI, "SCHED_ERROR_SHAPE" for example} */
  public String codeName() { return Raw.sched_status_name(code); }

  /** The kind of a code that is an error; one that nobody knows is the library's fault. */
  static Status of(int code) {
    for (final Status status : values()) {
      if (status.code == code) return status;
    }
    return INTERNAL;
  }
}

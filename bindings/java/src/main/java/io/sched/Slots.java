package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.SWIGTYPE_p_sched_state;
import io.sched.raw.sched_flat_slot;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Objects;

/**
 * The tensors of one call, by sched_flat_slot, and the memory through which arrays go. A state has
 * one, so that a call allocates nothing.
 */
final class Slots {
  static final int SAMPLE = sched_flat_slot.SCHED_FLAT_SAMPLE;
  static final int PREDICTION = sched_flat_slot.SCHED_FLAT_PREDICTION;
  static final int NEXT = sched_flat_slot.SCHED_FLAT_NEXT;
  static final int UNCONDITIONAL = sched_flat_slot.SCHED_FLAT_UNCONDITIONAL;
  static final int NOISE0 = sched_flat_slot.SCHED_FLAT_NOISE0;
  static final int NOISE1 = sched_flat_slot.SCHED_FLAT_NOISE1;
  static final int DENOISED = sched_flat_slot.SCHED_FLAT_DENOISED;
  static final int NEXT_INPUT = sched_flat_slot.SCHED_FLAT_NEXT_INPUT;
  static final int MASK = sched_flat_slot.SCHED_FLAT_MASK;
  static final int ORIGINAL = sched_flat_slot.SCHED_FLAT_ORIGINAL;
  static final int KNOWN_NOISE = sched_flat_slot.SCHED_FLAT_KNOWN_NOISE;
  static final int COUNT = Raw.SCHED_FLAT_SLOTS;

  private static final String[] NAMES = {"sample", "prediction", "next", "unconditional", "noise0",
      "noise1", "denoised", "next_input", "mask", "original", "known_noise"};

  private static final int[] OUTPUTS = {NEXT, DENOISED, NEXT_INPUT};

  /** Values of the longest tensor that can be right; no array is copied that is longer. */
  private final long longest;
  private final Tensor[] tensors = new Tensor[COUNT];
  private final long[] addresses = new long[COUNT];
  /** Made once for each slot: what shows buffers and arrays that are given without a tensor. */
  private final Tensor[] own = new Tensor[COUNT];
  private final FloatBuffer[] staging = new FloatBuffer[COUNT];

  Slots(long longest) { this.longest = longest; }

  static String name(int slot) { return NAMES[slot]; }

  static boolean isOutput(int slot) {
    return slot == NEXT || slot == DENOISED || slot == NEXT_INPUT;
  }

  /** An input: a Tensor, FloatBuffer or float[]. */
  void read(int slot, String name, Object values) {
    final FloatBuffer staged = put(slot, name, values);
    if (staged != null) staged.put(tensors[slot].array());
  }

  /** An output: a Tensor, FloatBuffer or float[]. */
  void write(int slot, String name, Object values) {
    put(slot, name, values);
    if (tensors[slot].isReadOnly()) throw new ReadOnlyBufferException();
  }

  /** The memory through which an array goes; null for what is used where it lies. */
  private FloatBuffer put(int slot, String name, Object values) {
    final Tensor tensor = shown(slot, name, Objects.requireNonNull(values, name));
    tensors[slot] = tensor;
    if (tensor.array() != null) return stage(slot, name, tensor.array().length);
    addresses[slot] = tensor.address();
    return null;
  }

  private Tensor shown(int slot, String name, Object values) {
    if (values instanceof Tensor) return (Tensor) values;
    if (own[slot] == null) own[slot] = new Tensor();
    return values instanceof FloatBuffer ? own[slot].show(name, (FloatBuffer) values)
                                         : own[slot].show(name, (float[]) values);
  }

  private FloatBuffer stage(int slot, String name, int length) {
    if (length > longest) {
      throw new SchedException(Status.SHAPE,
          name + " has " + length + " values; no tensor of this state has more than " + longest);
    }
    if (staging[slot] == null || staging[slot].capacity() < length) {
      staging[slot] = ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
                          .order(ByteOrder.nativeOrder())
                          .asFloatBuffer();
    }
    addresses[slot] = Raw.address_of(staging[slot]);
    return staging[slot].clear();
  }

  Tensor tensor(int slot) { return tensors[slot]; }

  /** NULL where there is none. */
  long at(int slot) { return tensors[slot] == null ? 0 : addresses[slot]; }

  long count(int slot) { return tensors[slot] == null ? 0 : tensors[slot].count(); }

  int dtype(int slot) {
    return tensors[slot] == null ? DType.F32.code : tensors[slot].dtype().code;
  }

  int stepWide(SWIGTYPE_p_sched_state state, StepArgs<Tensor> args) {
    // Read once: another thread may set others meanwhile.
    final double[] times = args.times();
    final double[] targets = args.targets();
    return Raw.sched_flat_step_wide(state, at(SAMPLE), count(SAMPLE), dtype(SAMPLE), at(PREDICTION),
        count(PREDICTION), dtype(PREDICTION), at(NEXT), count(NEXT), dtype(NEXT), at(UNCONDITIONAL),
        count(UNCONDITIONAL), dtype(UNCONDITIONAL), at(NOISE0), count(NOISE0), dtype(NOISE0),
        at(NOISE1), count(NOISE1), dtype(NOISE1), at(DENOISED), count(DENOISED), dtype(DENOISED),
        at(NEXT_INPUT), count(NEXT_INPUT), dtype(NEXT_INPUT), at(MASK), count(MASK), dtype(MASK),
        at(ORIGINAL), count(ORIGINAL), dtype(ORIGINAL), at(KNOWN_NOISE), count(KNOWN_NOISE),
        dtype(KNOWN_NOISE), times, StepArgs.length(times), targets, StepArgs.length(targets),
        args.guidanceScale(), args.noNoise());
  }

  /** After a call that succeeded: what was written goes into the arrays. */
  void give() {
    for (final int slot : OUTPUTS) {
      if (tensors[slot] != null && tensors[slot].array() != null) {
        staging[slot].clear().get(tensors[slot].array());
      }
    }
  }

  /** At the end of every call: keeps the memory until here, and lets go of it. */
  void clear() {
    for (int slot = 0; slot < COUNT; ++slot) {
      if (tensors[slot] == null) continue;
      Reference.reachabilityFence(tensors[slot]);
      if (tensors[slot] == own[slot]) own[slot].forget();
      tensors[slot] = null;
    }
  }
}

package io.sched;

import io.sched.raw.Raw;
import java.nio.Buffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Objects;

/**
 * A tensor in the caller's memory: all values of all items, one item after another. Any inner shape
 * is fine, since every method works element by element.
 *
 * <p>A direct buffer is used where it lies, and nothing is copied: from its position to its limit
 * as they are when the tensor is made. It must be in the byte order of the machine ({@code
 * ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer()}). The tensor
 * keeps the buffer alive; where its memory belongs to something that can be closed, that must stay
 * open. An array is copied, in before a call and out after one that succeeded, by way of memory
 * that the state keeps.
 *
 * <p>A tensor is immutable and may be used again and by any thread; what it shows is the caller's.
 */
public final class Tensor {
  /** Keeps the memory alive; null for an array. */
  private Buffer buffer;
  private float[] array;
  private long address;
  private int count;
  private DType dtype;

  Tensor() {}

  /**
   * The values of a buffer, float32.
   *
   * @param values direct and in native order
   * @return a view
   * @throws IllegalArgumentException for any other buffer
   */
  public static Tensor of(FloatBuffer values) { return new Tensor().show("values", values); }

  /**
   * The values of a buffer, float64: only for {@link Kernel#REFERENCE}.
   *
   * @param values direct and in native order
   * @return a view
   * @throws IllegalArgumentException for any other buffer
   */
  public static Tensor of(DoubleBuffer values) {
    return new Tensor().show("values", values, values.order(), Double.BYTES, DType.F64);
  }

  /**
   * The values of an array, float32, which are copied at each call.
   *
   * @param values the array itself, no copy of it
   * @return a view
   */
  public static Tensor of(float[] values) { return new Tensor().show("values", values); }

  /**
   * The bits of IEEE binary16 numbers.
   *
   * @param bits direct and in native order
   * @return a view
   * @throws IllegalArgumentException for any other buffer
   */
  public static Tensor f16(ShortBuffer bits) {
    return new Tensor().show("bits", bits, bits.order(), Short.BYTES, DType.F16);
  }

  /**
   * The bits of bfloat16 numbers.
   *
   * @param bits direct and in native order
   * @return a view
   * @throws IllegalArgumentException for any other buffer
   */
  public static Tensor bf16(ShortBuffer bits) {
    return new Tensor().show("bits", bits, bits.order(), Short.BYTES, DType.BF16);
  }

  /** {@return how many values there are, in all items together} */
  public int count() { return count; }

  /** {@return the element type} */
  public DType dtype() { return dtype; }

  // ---------------------------------------------- for those who use a tensor more than once

  Tensor show(String name, FloatBuffer values) {
    Objects.requireNonNull(values, name);
    return show(name, values, values.order(), Float.BYTES, DType.F32);
  }

  Tensor show(String name, float[] values) {
    array = Objects.requireNonNull(values, name);
    count = values.length;
    dtype = DType.F32;
    return this;
  }

  private Tensor show(String name, Buffer values, ByteOrder order, int bytes, DType type) {
    if (!values.isDirect()) {
      throw new IllegalArgumentException(name + " is not a direct buffer, which it must be");
    }
    if (order != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(name + " is " + order
          + ", but must be in the machine's order, " + ByteOrder.nativeOrder());
    }
    // Each is read once: a thread that moves them cannot make the two disagree with the capacity.
    final int position = values.position();
    final int limit = values.limit();
    final long start = Raw.address_of(values);
    if (start == 0 || start % bytes != 0) {
      throw new IllegalArgumentException(
          name + " does not begin at a multiple of its " + bytes + " bytes per value");
    }
    buffer = values;
    address = start + (long) position * bytes;
    count = Math.max(limit - position, 0);
    dtype = type;
    return this;
  }

  /** Lets go of the memory. */
  void forget() {
    buffer = null;
    array = null;
  }

  boolean isReadOnly() { return buffer != null && buffer.isReadOnly(); }

  /** Null where the values are in a buffer. */
  float[] array() { return array; }

  /** 0 where the values are in an array. */
  long address() { return address; }
}

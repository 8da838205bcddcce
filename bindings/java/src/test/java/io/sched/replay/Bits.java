package io.sched.replay;

import java.nio.FloatBuffer;

/** The 64-bit FNV-1a hash of everything that the steps gave. */
final class Bits {
  private static final long PRIME = 0x100000001b3L;
  private long hash = 0xcbf29ce484222325L;

  /** The values' bytes, little-endian. */
  void add(FloatBuffer values) {
    for (int i = 0; i < values.limit(); ++i) {
      final int bits = Float.floatToRawIntBits(values.get(i));
      for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
        hash = (hash ^ (bits >> shift & 0xff)) * PRIME;
      }
    }
  }

  @Override
  public String toString() {
    return String.format("%016x", hash);
  }
}

package io.sched.replay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The safetensors format: the header's length in 8 bytes, the header in JSON, then the arrays, here
 * all float64, little-endian.
 */
final class Safetensors {
  /** Values, and how many there are in each dimension. */
  static final class Array {
    final long[] shape;
    final double[] values;

    Array(long[] shape, double[] values) {
      this.shape = shape;
      this.values = values;
    }
  }

  private final Map<String, Object> metadata = new HashMap<>();
  private final Map<String, Array> arrays = new HashMap<>();

  Safetensors(Path path) throws IOException {
    final ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 8) throw new IllegalArgumentException("is too short");
    final long length = bytes.getLong();
    if (length < 0 || length > bytes.remaining()) {
      throw new IllegalArgumentException("header length is larger than the file");
    }
    final byte[] header = new byte[(int) length];
    bytes.get(header);
    final ByteBuffer data = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    Json.members(Json.parse(new String(header, StandardCharsets.UTF_8))).forEach((name, entry) -> {
      if (name.equals("__metadata__")) {
        metadata.putAll(Json.members(entry));
      } else {
        arrays.put(name, read(name, Json.members(entry), data));
      }
    });
  }

  private static Array read(String name, Map<String, Object> entry, ByteBuffer data) {
    if (!"F64".equals(entry.get("dtype"))) {
      throw new IllegalArgumentException(name + ": dtype is not F64");
    }
    final long[] shape = counts(entry.get("shape"));
    final long[] offsets = counts(entry.get("data_offsets"));
    if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]
        || offsets[1] > data.capacity()) {
      throw new IllegalArgumentException(name + " is outside the file");
    }
    final double[] values = new double[(int) (offsets[1] - offsets[0]) / 8];
    if (Arrays.stream(shape).reduce(1, Math::multiplyExact) != values.length) {
      throw new IllegalArgumentException(name + ": shape and data_offsets disagree");
    }
    for (int i = 0; i < values.length; ++i) values[i] = data.getDouble((int) offsets[0] + 8 * i);
    return new Array(shape, values);
  }

  private static long[] counts(Object list) {
    return Json.list(list).stream().mapToLong(count -> (Long) count).toArray();
  }

  boolean hasMetadata(String key) { return metadata.containsKey(key); }

  String metadata(String key) {
    if (metadata.containsKey(key)) return (String) metadata.get(key);
    throw new IllegalArgumentException("metadata has no '" + key + "'");
  }

  boolean has(String name) { return arrays.containsKey(name); }

  Array array(String name) {
    if (has(name)) return arrays.get(name);
    throw new IllegalArgumentException("tensor '" + name + "' is missing");
  }

  /** All values; null where there is no such tensor. */
  double[] values(String name) { return has(name) ? arrays.get(name).values : null; }

  /** A tensor as `count` rows of `size` values. */
  double[][] rows(String name, int count, int size) {
    final Array array = array(name);
    if (array.shape.length == 0 || array.shape[0] != count || array.values.length != count * size) {
      throw new IllegalArgumentException("tensor '" + name + "' has the wrong shape");
    }
    final double[][] rows = new double[count][];
    for (int i = 0; i < count; ++i) {
      rows[i] = Arrays.copyOfRange(array.values, i * size, (i + 1) * size);
    }
    return rows;
  }
}

package io.sched;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.sched.raw.sched_clip;
import io.sched.raw.sched_draw_policy;
import io.sched.raw.sched_dtype;
import io.sched.raw.sched_generator;
import io.sched.raw.sched_input;
import io.sched.raw.sched_kernel;
import io.sched.raw.sched_name_kind;
import io.sched.raw.sched_output;
import io.sched.raw.sched_status;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.junit.Test;

/** Enums have every constant of the headers, and no other, with the same numbers. */
public class EnumsTest {
  private static <E extends Enum<E>> void same(
      Class<?> raw, String prefix, E[] values, ToIntFunction<E> code) throws Exception {
    final Map<String, Integer> ours = new TreeMap<>();
    for (final E value : values) ours.put(prefix + value.name(), code.applyAsInt(value));
    final Map<String, Integer> theirs = new TreeMap<>();
    for (final Field field : raw.getFields()) theirs.put(field.getName(), field.getInt(null));
    // No values: where the enum ends, what is no error, and what has no type.
    theirs.keySet().removeIf(name
        -> name.endsWith("_MAX") || name.equals("SCHED_OK") || name.endsWith("DTYPE_UNDEFINED"));
    // The header names the first of eight rows.
    ours.keySet().removeIf(name -> name.matches(".*_MEMORY[1-7]"));
    assertEquals(theirs, ours);
  }

  /** What is looked up by its place among the values. */
  private static <E extends Enum<E>> void inOrder(E[] values, ToIntFunction<E> code) {
    for (final E value : values) assertEquals(value.ordinal(), code.applyAsInt(value));
  }

  @Test
  public void ofTheHeaders() throws Exception {
    same(sched_status.class, "SCHED_ERROR_", Status.values(), Status::code);
    same(sched_dtype.class, "SCHED_", DType.values(), x -> x.code);
    same(sched_kernel.class, "SCHED_KERNEL_", Kernel.values(), x -> x.code);
    same(sched_generator.class, "SCHED_GENERATOR_", Generator.values(), x -> x.code);
    same(sched_draw_policy.class, "SCHED_DRAWS_", DrawPolicy.values(), x -> x.code);
    same(sched_name_kind.class, "SCHED_NAME_", NameKind.values(), x -> x.code);
    same(sched_clip.class, "SCHED_CLIP_", Clip.values(), x -> x.code);
    same(sched_input.class, "SCHED_INPUT_", Input.values(), x -> x.code);
    same(sched_output.class, "SCHED_OUTPUT_", Output.values(), x -> x.code);
    inOrder(Kernel.values(), x -> x.code);
    inOrder(NameKind.values(), x -> x.code);
    inOrder(Clip.values(), x -> x.code);
    inOrder(Input.values(), x -> x.code);
    inOrder(Output.values(), x -> x.code);
  }

  @Test
  public void statusesHaveNames() {
    assertEquals(26, Status.values().length);
    for (final Status status : Status.values()) {
      assertEquals("SCHED_ERROR_" + status, status.codeName());
      assertEquals(status, Status.of(status.code()));
    }
    assertEquals(Status.INTERNAL, Status.of(-999));
    assertTrue(new SchedException(Status.SHAPE, "").getMessage().contains("SCHED_ERROR_SHAPE"));
  }
}

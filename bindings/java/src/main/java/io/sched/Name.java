package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_name_info;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A name by which people know a sampler or a schedule elsewhere.
 *
 * @param kind        what it stands for
 * @param system      "diffusers", "ComfyUI", "A1111", "stable-diffusion.cpp", ...
 * @param name        as people write it: "DPM++ 2M Karras"
 * @param composition ours, as JSON: {"solver": "dpmpp_2m", "grid": "karras"}
 */
public record Name(NameKind kind, String system, String name, String composition) {
  /** {@return every name by which samplers and schedules are known elsewhere} */
  public static List<Name> all() {
    final List<Name> names = new ArrayList<>();
    try (sched_name_info c = new sched_name_info()) {
      for (int index = 0; index < Raw.sched_name_count(); ++index) {
        SchedException.check(Raw.sched_name_at(index, c), "there is no name with this index");
        names.add(of(c));
      }
    }
    return List.copyOf(names);
  }

  /**
   * Finds a name; upper and lower case are the same.
   *
   * @param name   as people write it
   * @param system where the name comes from, or null for the first that has it
   * @return nothing where there is no such name
   */
  public static Optional<Name> find(String name, String system) {
    Objects.requireNonNull(name, "name");
    if (name.indexOf('\0') >= 0 || system != null && system.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    try (sched_name_info c = new sched_name_info()) {
      return Raw.sched_name_find(name, system, c) == 0 ? Optional.of(of(c)) : Optional.empty();
    }
  }

  private static Name of(sched_name_info c) {
    return new Name(NameKind.values()[c.getKind()], c.getSystem(), c.getName(), c.getComposition());
  }
}

package io.sched;

import io.sched.raw.sched_name_kind;

/** What a {@link Name} stands for. */
public enum NameKind {
  /** Its composition has a solver, and a grid where the name says one. */
  SAMPLER(sched_name_kind.SCHED_NAME_SAMPLER),
  /** Its composition has a grid only. */
  SCHEDULE(sched_name_kind.SCHED_NAME_SCHEDULE);

  final int code;

  NameKind(int code) { this.code = code; }
}

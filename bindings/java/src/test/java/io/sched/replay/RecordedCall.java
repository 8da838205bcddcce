package io.sched.replay;

import java.util.ArrayList;
import java.util.List;

/** One call of a recorded loop. What is null was not recorded, or is not asked for. */
final class RecordedCall {
  /** Null: what the call before gave. */
  double[] sample;
  /** Null where no model was asked; twice as many values where the variance is learned. */
  double[] prediction;
  double[] groupTimesteps;
  List<double[]> noise = new ArrayList<>();
  double[] next;
  /** Level of the sample, for samplers in sigma space. */
  Double sigma;
  /** The sample as the model saw it. */
  double[] scaled;
  double[] denoised;
}

package io.sched;

import io.sched.raw.sched_call;

/**
 * One call of a step.
 *
 * @param needsModel false: noise is added or undone (RePaint, KarrasVe); no model is asked, and the
 *                   step is {@link State#stepWithoutModel(Tensor)}
 * @param timestep   the time to give to the model
 * @param alpha      level of the sample that is handed in: x = alpha x0 + sigma n
 * @param sigma      level of the sample that is handed in: x = alpha x0 + sigma n
 * @param inputScale factor for the sample before it goes into the model
 * @param step       step of the whole schedule; -1 where the method chooses its steps
 * @param stage      within the step, 0 first
 * @param endsStep   true where this call ends a step, or an attempt at one
 * @param draws      normal draws that it takes, 0, 1 or 2
 */
public record Call(boolean needsModel, double timestep, double alpha, double sigma,
    double inputScale, long step, int stage, boolean endsStep, int draws) {
  static Call of(sched_call c) {
    return new Call(c.getNeeds_model() != 0, c.getTimestep(), c.getAlpha(), c.getSigma(),
        c.getInput_scale(), c.getStep(), c.getStage(), c.getEnds_step() != 0, c.getDraws());
  }
}

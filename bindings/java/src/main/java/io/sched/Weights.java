package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.sched_weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A step as numbers, for callers who run it themselves: each row is a weighted sum of the inputs.
 * Where there is a clip, x0 is made first, by the weights {@code denoised}, and clipped; the rows
 * then use it as {@link Input#DENOISED}. All rows are computed before any is written.
 *
 * @param timestep    of the model call
 * @param inputScale  factor for the sample of the model call
 * @param draws       normal draws
 * @param clip        how x0 is clipped
 * @param clipRange   with {@link Clip#RANGE}
 * @param quantile    with {@link Clip#QUANTILE}: the ratio
 * @param quantileMax with {@link Clip#QUANTILE}: the highest limit; the lowest is 1
 * @param gain        what multiplies the first draw
 * @param gainOffset  with {@link Gain#EXPONENTIAL}
 * @param gainSlope   with {@link Gain#EXPONENTIAL}
 * @param denoised    what makes x0 before it is clipped
 * @param rows        what is computed
 */
public record Weights(double timestep, double inputScale, int draws, Clip clip, double clipRange,
    double quantile, double quantileMax, Gain gain, double gainOffset, double gainSlope,
    Row denoised, List<Row> rows) {
  /**
   * A weighted sum of the inputs.
   *
   * @param output  what it makes
   * @param weights the factor of each {@link Input}, in their order
   */
  public record Row(Output output, List<Double> weights) {
    /**
     * The weight of one input.
     *
     * @param input which
     * @return its factor, 0 where it takes no part
     */
    public double weight(Input input) { return weights.get(input.code); }

    private static Row of(int output, double[] weights) {
      return new Row(Output.values()[output],
          Arrays.stream(weights).boxed().collect(Collectors.toUnmodifiableList()));
    }
  }

  static Weights of(sched_weights c) {
    final double[] denoised = new double[Raw.SCHED_WEIGHTS_INPUTS];
    SchedException.check(Raw.sched_flat_weights_denoised(c, denoised, denoised.length), "");
    final List<Row> rows = new ArrayList<>();
    for (int row = 0; row < c.getRows(); ++row) {
      final double[] weights = new double[Raw.SCHED_WEIGHTS_INPUTS];
      final int[] output = new int[1];
      SchedException.check(Raw.sched_flat_weights_row(c, row, weights, weights.length, output), "");
      rows.add(Row.of(output[0], weights));
    }
    return new Weights(c.getTimestep(), c.getInput_scale(), c.getDraws(),
        Clip.values()[c.getClip()], c.getClip_range(), c.getQuantile(), c.getQuantile_max(),
        Gain.values()[c.getGain()], c.getGain_offset(), c.getGain_slope(),
        Row.of(Output.DENOISED.code, denoised), List.copyOf(rows));
  }
}

using System;
using System.Collections.Generic;
using Sched.Raw;

namespace Sched
{
    /// <summary>What a weight multiplies: an index into a row of <see cref="Weights"/>.</summary>
    public enum Input
    {
        /// <summary>The sample.</summary>
        Sample = (int)sched_input.SCHED_INPUT_SAMPLE,

        /// <summary>The model's prediction.</summary>
        Prediction = (int)sched_input.SCHED_INPUT_PREDICTION,

        /// <summary>x0 after clipping; only where there is a clip.</summary>
        Denoised = (int)sched_input.SCHED_INPUT_DENOISED,

        /// <summary>The first draw.</summary>
        Noise0 = (int)sched_input.SCHED_INPUT_NOISE0,

        /// <summary>The second draw.</summary>
        Noise1 = (int)sched_input.SCHED_INPUT_NOISE1,

        /// <summary>The unconditional prediction.</summary>
        Unconditional = (int)sched_input.SCHED_INPUT_UNCONDITIONAL,

        /// <summary>The first of eight rows that the state keeps; add 1 to 7 for the others.</summary>
        Memory0 = (int)sched_input.SCHED_INPUT_MEMORY0,

        /// <summary>The clean data under the mask.</summary>
        Original = (int)sched_input.SCHED_INPUT_ORIGINAL,

        /// <summary>The noise of the clean data under the mask.</summary>
        KnownNoise = (int)sched_input.SCHED_INPUT_KNOWN_NOISE,
    }

    /// <summary>What a row makes.</summary>
    public enum Output
    {
        /// <summary>The next sample.</summary>
        Next = (int)sched_output.SCHED_OUTPUT_NEXT,

        /// <summary>The preview.</summary>
        Denoised = (int)sched_output.SCHED_OUTPUT_DENOISED,

        /// <summary>The first of eight rows that the state keeps; 1 to 7 more are the others.</summary>
        Memory0 = (int)sched_output.SCHED_OUTPUT_MEMORY0,

        /// <summary>RePaint: what the next sample is where the mask is 1.</summary>
        Known = (int)sched_output.SCHED_OUTPUT_KNOWN,
    }

    /// <summary>How x0 is clipped.</summary>
    public enum Clip
    {
        /// <summary>Not at all.</summary>
        None = (int)sched_clip.SCHED_CLIP_NONE,

        /// <summary>Clamped to plus or minus <see cref="Weights.ClipRange"/>.</summary>
        Range = (int)sched_clip.SCHED_CLIP_RANGE,

        /// <summary>Dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487).</summary>
        Quantile = (int)sched_clip.SCHED_CLIP_QUANTILE,
    }

    /// <summary>What multiplies the first draw, of v, the second half of the prediction.</summary>
    public enum Gain
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>exp(<see cref="Weights.GainOffset"/> + <see cref="Weights.GainSlope"/> * v).</summary>
        Exponential = 1,

        /// <summary>sqrt(v).</summary>
        SquareRoot = 2,
    }

    /// <summary>
    /// A step as numbers, for callers who run it themselves: each row is a weighted sum of the inputs.
    /// Where there is a clip, x0 is made first, by the weights <see cref="Denoised"/>, and clipped; the
    /// rows then use it as <see cref="Input.Denoised"/>. All rows are computed before any is written.
    /// Immutable; any thread.
    /// </summary>
    public sealed unsafe class Weights
    {
        internal Weights(sched_weights raw)
        {
            Timestep = raw.timestep;
            InputScale = raw.input_scale;
            Draws = raw.draws;
            Clip = (Clip)raw.clip;
            ClipRange = raw.clip_range;
            Quantile = raw.quantile;
            QuantileMax = raw.quantile_max;
            Gain = (Gain)raw.gain;
            GainOffset = raw.gain_offset;
            GainSlope = raw.gain_slope;
            var denoised = new double[Native.SCHED_WEIGHTS_INPUTS];
            fixed (double* to = denoised)
            {
                SchedException.ThrowIfFailed(
                    Native.sched_flat_weights_denoised(raw, to, denoised.Length), "the weights cannot be read");
            }

            var rows = new WeightsRow[raw.rows];
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = new WeightsRow(raw, i);
            }

            Denoised = denoised;
            Rows = rows;
        }

        /// <summary>Of the model call.</summary>
        public double Timestep { get; }

        /// <summary>Factor for the sample of the model call.</summary>
        public double InputScale { get; }

        /// <summary>Normal draws.</summary>
        public int Draws { get; }

        /// <summary>How x0 is clipped.</summary>
        public Clip Clip { get; }

        /// <summary>With <see cref="Clip.Range"/>.</summary>
        public double ClipRange { get; }

        /// <summary>With <see cref="Clip.Quantile"/>: the quantile.</summary>
        public double Quantile { get; }

        /// <summary>With <see cref="Clip.Quantile"/>: the highest limit; the lowest is 1.</summary>
        public double QuantileMax { get; }

        /// <summary>What multiplies the first draw.</summary>
        public Gain Gain { get; }

        /// <summary>With <see cref="Gain.Exponential"/>: added to the exponent.</summary>
        public double GainOffset { get; }

        /// <summary>With <see cref="Gain.Exponential"/>: factor of v in the exponent.</summary>
        public double GainSlope { get; }

        /// <summary>Weights of x0 before it is clipped, by <see cref="Input"/>.</summary>
        public IReadOnlyList<double> Denoised { get; }

        /// <summary>What is computed.</summary>
        public IReadOnlyList<WeightsRow> Rows { get; }
    }

    /// <summary>A weighted sum of the inputs.</summary>
    public sealed unsafe class WeightsRow
    {
        private readonly double[] weights = new double[Native.SCHED_WEIGHTS_INPUTS];

        internal WeightsRow(sched_weights raw, int row)
        {
            int output;
            fixed (double* to = weights)
            {
                SchedException.ThrowIfFailed(
                    Native.sched_flat_weights_row(raw, row, to, weights.Length, &output), "the weights cannot be read");
            }

            Output = (Output)output;
        }

        /// <summary>What it makes.</summary>
        public Output Output { get; }

        /// <summary>The weight of one input.</summary>
        /// <param name="input">Which input.</param>
        /// <exception cref="IndexOutOfRangeException">There is no such input.</exception>
        public double this[Input input] => weights[(int)input];
    }
}

using System;

namespace Sched
{
    /// <summary>
    /// Everything that one step can do, in one pass over memory: <see cref="State.StepWide"/>. What
    /// is not set is no tensor.
    /// </summary>
    /// <example>
    /// <code>
    /// state.StepWide(new StepArgs(sample) { Prediction = positive, Unconditional = negative, GuidanceScale = 7.5 });
    /// </code>
    /// </example>
    public ref struct StepArgs
    {
        private double? guidanceScale;
        private ReadOnlySpan<double> groupTimesteps;
        private ReadOnlySpan<double> groupTargets;

        /// <summary>A step from one tensor to another; outputs may not overlap otherwise.</summary>
        /// <param name="sample">x at the current noise level; only read.</param>
        /// <param name="next">Gets x at the next noise level.</param>
        public StepArgs(ReadOnlyTensor sample, Tensor next)
            : this()
        {
            Sample = sample;
            Next = next;
        }

        /// <summary>A step that overwrites the sample with the next.</summary>
        /// <param name="sample">x at the current noise level, then at the next.</param>
        public StepArgs(Tensor sample)
            : this(sample, sample)
        {
        }

        /// <summary>x at the current noise level.</summary>
        public ReadOnlyTensor Sample { get; set; }

        /// <summary>Gets x at the next noise level; may be exactly <see cref="Sample"/>.</summary>
        public Tensor Next { get; set; }

        /// <summary>
        /// What the network returned; twice the sample's size where the variance is learned. None for
        /// calls that need no model.
        /// </summary>
        public ReadOnlyTensor Prediction { get; set; }

        /// <summary>
        /// Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): the step uses
        /// unconditional + scale * (prediction - unconditional).  Methods with CFG++ need it at
        /// every step; where the prediction is guided already, the scale is 1.
        /// </summary>
        public ReadOnlyTensor Unconditional { get; set; }

        /// <summary>The scale of guidance; 1 where it is not set.</summary>
        public double GuidanceScale
        {
            readonly get => guidanceScale ?? 1.0;
            set => guidanceScale = value;
        }

        /// <summary>The caller's normals for the step's first draw.</summary>
        public ReadOnlyTensor Noise0 { get; set; }

        /// <summary>The caller's normals for the step's second draw.</summary>
        public ReadOnlyTensor Noise1 { get; set; }

        /// <summary>Gets x0 as the method sees it, a preview.</summary>
        public Tensor Denoised { get; set; }

        /// <summary>Gets <see cref="Next"/>, scaled for the next model call.</summary>
        public Tensor NextInput { get; set; }

        /// <summary>
        /// Inpainting: where the mask is 1 the original is kept, noised to the level at which the call
        /// arrives; where it is 0 the step paints; between, it blends.
        /// </summary>
        public ReadOnlyTensor Mask { get; set; }

        /// <summary>Clean data; needed with <see cref="Mask"/>.</summary>
        public ReadOnlyTensor Original { get; set; }

        /// <summary>Normals for the original under the mask, instead of those of the first sample.</summary>
        public ReadOnlyTensor KnownNoise { get; set; }

        /// <summary>
        /// A time of its own for each of equal parts (tokens) of each item: batch * groups values; one
        /// for each item gives each item its own. Methods of one model call and no history.
        /// </summary>
        public ReadOnlySpan<double> GroupTimesteps
        {
            readonly get => groupTimesteps;
            set
            {
                groupTimesteps = value;
                HasGroupTimesteps = true;
            }
        }

        /// <summary>
        /// Where the groups go, as many values as they have timesteps; not set, where the schedule
        /// goes from each group's time.
        /// </summary>
        public ReadOnlySpan<double> GroupTargets
        {
            readonly get => groupTargets;
            set
            {
                groupTargets = value;
                HasGroupTargets = true;
            }
        }

        /// <summary><see cref="Next"/> is the mean of the step. Its draws count as taken.</summary>
        public bool WithoutNoise { get; set; }

        // A list that was given is one, however short.
        internal bool HasGroupTimesteps { get; private set; }

        internal bool HasGroupTargets { get; private set; }
    }
}

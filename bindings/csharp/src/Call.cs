using Sched.Raw;

namespace Sched
{
    /// <summary>One call of a step.</summary>
    public readonly struct Call
    {
        internal Call(sched_call call)
        {
            NeedsModel = call.needs_model != 0;
            Timestep = call.timestep;
            Alpha = call.alpha;
            Sigma = call.sigma;
            InputScale = call.input_scale;
            Step = call.step < 0 ? (long?)null : call.step;
            Stage = call.stage;
            EndsStep = call.ends_step != 0;
            Draws = call.draws;
        }

        /// <summary>
        /// False: noise is added or undone (RePaint, KarrasVe). No model is asked, and the step takes
        /// no prediction: <see cref="State.StepWithoutModel"/>.
        /// </summary>
        public bool NeedsModel { get; }

        /// <summary>The time to give to the model.</summary>
        public double Timestep { get; }

        /// <summary>Level of the sample that is handed in: x = alpha x0 + sigma n.</summary>
        public double Alpha { get; }

        /// <summary>Level of the sample that is handed in: x = alpha x0 + sigma n.</summary>
        public double Sigma { get; }

        /// <summary>Factor for the sample before it goes into the model.</summary>
        public double InputScale { get; }

        /// <summary>Step of the whole schedule; null where the method chooses its steps.</summary>
        public long? Step { get; }

        /// <summary>Within the step, 0 first.</summary>
        public int Stage { get; }

        /// <summary>True where this call ends a step, or an attempt at one.</summary>
        public bool EndsStep { get; }

        /// <summary>Normal draws that it takes, 0, 1 or 2.</summary>
        public int Draws { get; }
    }

    /// <summary>A noise level: x = alpha x0 + sigma n.</summary>
    public readonly struct Level
    {
        internal Level(double alpha, double sigma)
        {
            Alpha = alpha;
            Sigma = sigma;
        }

        /// <summary>Factor of the data.</summary>
        public double Alpha { get; }

        /// <summary>Factor of the noise.</summary>
        public double Sigma { get; }

        /// <summary>Takes both: <c>var (alpha, sigma) = level;</c></summary>
        /// <param name="alpha">Factor of the data.</param>
        /// <param name="sigma">Factor of the noise.</param>
        public void Deconstruct(out double alpha, out double sigma)
        {
            alpha = Alpha;
            sigma = Sigma;
        }
    }

    /// <summary>
    /// Attempts at a step, where the method chooses its steps (Lu et al. 2022, arXiv:2206.00927,
    /// algorithm 3). A rejected attempt gives back the sample at which it began.
    /// </summary>
    public readonly struct Attempts
    {
        internal Attempts(long accepted, long rejected)
        {
            Accepted = accepted;
            Rejected = rejected;
        }

        /// <summary>How many were accepted.</summary>
        public long Accepted { get; }

        /// <summary>How many were rejected.</summary>
        public long Rejected { get; }
    }
}

using System;
using System.Runtime.InteropServices;
using System.Threading;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// One loop, made by <see cref="Scheduler.Init"/>. A call that fails changes nothing and may be
    /// tried again.
    /// </summary>
    /// <remarks>
    /// <para>A state belongs to one thread at a time; a call while another runs is refused with an
    /// <see cref="InvalidOperationException"/>. Different states are independent.</para>
    /// <para>Tensors are [batch, elements]. They stay the caller's: pinned for the call, neither copied
    /// nor kept. A step allocates nothing.</para>
    /// <para>Every member throws <see cref="ObjectDisposedException"/> after <see cref="Dispose"/>.</para>
    /// </remarks>
    public sealed unsafe partial class State : IDisposable
    {
        private readonly StateHandle handle;

        // Reused, so that asking for the next call allocates nothing in C#.
        private readonly sched_call call = new sched_call();
        private int busy;

        internal State(StateHandle handle)
        {
            this.handle = handle;
            Batch = Native.sched_batch(handle);
            Elements = Native.sched_elements(handle);
        }

        private enum List
        {
            Timesteps,
            Sigmas,
            Levels,
        }

        /// <summary>Items.</summary>
        public long Batch { get; }

        /// <summary>Values per item.</summary>
        public long Elements { get; }

        /// <summary>Values per item of a prediction: twice as many where the variance is learned.</summary>
        public long PredictionElements
        {
            get
            {
                using var use = Enter();
                return Native.sched_prediction_elements(handle);
            }
        }

        /// <summary>Steps that this loop runs, what a user counts.</summary>
        public long NumSteps
        {
            get
            {
                using var use = Enter();
                return Native.sched_num_steps(handle);
            }
        }

        /// <summary>
        /// Calls of a step that this loop takes. Null where the method chooses its steps as it goes
        /// (dpm_adaptive): then ask <see cref="NextCall"/> until it gives null.
        /// </summary>
        public long? NumCalls
        {
            get
            {
                using var use = Enter();
                var calls = Native.sched_num_calls(handle);
                return calls < 0 ? (long?)null : calls;
            }
        }

        /// <summary>Calls done so far.</summary>
        public long CallsDone
        {
            get
            {
                using var use = Enter();
                return Native.sched_calls_done(handle);
            }
        }

        /// <summary>True where every step is done.</summary>
        public bool IsFinished
        {
            get
            {
                using var use = Enter();
                return Native.sched_next_call(handle, call) == sched_status.SCHED_ERROR_FINISHED;
            }
        }

        /// <summary>
        /// Attempts at a step so far, where the method chooses its steps; 0 and 0 for others.
        /// </summary>
        public Attempts Attempts
        {
            get
            {
                using var use = Enter();
                long accepted, rejected;
                Check(Native.sched_attempts(handle, &accepted, &rejected));
                return new Attempts(accepted, rejected);
            }
        }

        /// <summary>What runs this state.</summary>
        public Kernel Kernel
        {
            get
            {
                using var use = Enter();
                return (Kernel)Native.sched_state_kernel(handle);
            }
        }

        /// <summary>Bytes that the state holds, memory rows and plans.</summary>
        public long Bytes
        {
            get
            {
                using var use = Enter();
                return Native.sched_state_bytes(handle);
            }
        }

        /// <summary>
        /// False where the state cannot take its next call any more: its Vulkan device was lost, with
        /// what the state kept there.
        /// </summary>
        public bool CanContinue
        {
            get
            {
                using var use = Enter();
                return Native.sched_can_continue(handle) == 1;
            }
        }

        /// <summary>Standard deviation of the first sample, diffusers' init_noise_sigma.</summary>
        public double InitNoiseSigma
        {
            get
            {
                using var use = Enter();
                return Native.sched_init_noise_sigma(handle);
            }
        }

        /// <summary>Factor for the sample before it goes into the next model call.</summary>
        public double InputScale
        {
            get
            {
                using var use = Enter();
                return Native.sched_input_scale(handle);
            }
        }

        /// <summary>Normal draws that the next step takes, 0, 1 or 2.</summary>
        public int NextDraws
        {
            get
            {
                using var use = Enter();
                return Native.sched_next_draws(handle);
            }
        }

        /// <summary>
        /// Describes the call that comes next; null where the loop is done. One loop serves every
        /// method: <c>while (state.NextCall() is { } call)</c>.
        /// </summary>
        /// <exception cref="SchedException">Those of Vulkan, where the device was lost.</exception>
        public Call? NextCall()
        {
            using var use = Enter();
            var status = Native.sched_next_call(handle, call);
            if (status == sched_status.SCHED_ERROR_FINISHED)
            {
                return null;
            }

            Check(status);
            return new Call(call);
        }

        /// <summary>Describes a call of a loop that is planned as a whole.</summary>
        /// <param name="index">0 to <see cref="NumCalls"/> - 1.</param>
        /// <exception cref="SchedException">
        /// Steps past the end; Unsupported where the method chooses its steps as it goes.
        /// </exception>
        public Call CallAt(long index)
        {
            using var use = Enter();
            Check(Native.sched_call_at(handle, index, call));
            return new Call(call);
        }

        /// <summary>True where a call ends a step; progress bars count these.</summary>
        /// <param name="index">Any number is fine.</param>
        public bool CallEndsStep(long index)
        {
            using var use = Enter();
            return Native.sched_call_ends_step(handle, index) == 1;
        }

        /// <summary>The time to give to the model at each call, in order.</summary>
        /// <exception cref="SchedException">Unsupported where the method chooses its steps.</exception>
        public double[] Timesteps() => Numbers(List.Timesteps);

        /// <summary>
        /// Noise levels of the whole schedule, step by step and the end, in the unit of the method's
        /// family: sigma for flow matching, the sine of the angle for SCM, sigma / alpha elsewhere,
        /// infinite at zero SNR.
        /// </summary>
        /// <exception cref="SchedException">Unsupported where the method chooses its steps.</exception>
        public double[] Sigmas() => Numbers(List.Sigmas);

        /// <summary>alpha and sigma at the start of each step of the whole schedule and at its end.</summary>
        /// <exception cref="SchedException">Unsupported where the method chooses its steps.</exception>
        public Level[] Levels()
        {
            var pairs = Numbers(List.Levels);
            var levels = new Level[pairs.Length / 2];
            for (var i = 0; i < levels.Length; i++)
            {
                levels[i] = new Level(pairs[2 * i], pairs[(2 * i) + 1]);
            }

            return levels;
        }

        /// <summary>The step of the whole schedule that begins at a time, to within 1e-6.</summary>
        /// <param name="timestep">The time.</param>
        /// <exception cref="SchedException">Value where no step begins there.</exception>
        public long StepForTimestep(double timestep)
        {
            using var use = Enter();
            long step;
            Check(Native.sched_step_for_timestep(handle, timestep, &step));
            return step;
        }

        /// <summary>The weights of a call, in float64, before any rounding.</summary>
        /// <param name="index">0 to <see cref="NumCalls"/> - 1.</param>
        /// <exception cref="SchedException">
        /// Steps past the end; Unsupported where they depend on norms of the tensors (dpm_adaptive, the
        /// corrector of score_sde_ve, noise_clip_std).
        /// </exception>
        public Weights Weights(long index)
        {
            using var use = Enter();
            using var raw = new sched_weights();
            Check(Native.sched_step_weights(handle, index, raw));
            return new Weights(raw);
        }

        /// <summary>
        /// Fills the first sample: standard normals times <see cref="InitNoiseSigma"/>. The numbers
        /// depend on the item's seed and the element only.
        /// </summary>
        /// <param name="sample">[batch, elements]; written.</param>
        /// <exception cref="SchedException">Shape, Dtype, Argument.</exception>
        public void InitialNoise(Tensor sample)
        {
            using var use = Enter();
            fixed (byte* to = sample)
            {
                Check(Native.sched_flat_initial_noise(handle, to, sample.Count, (int)sample.Dtype));
            }
        }

        /// <summary>
        /// Scales a sample for the next model call (c_in of Karras et al. 2022): what diffusers calls
        /// scale_model_input. A copy where the method scales nothing.
        /// </summary>
        /// <param name="sample">[batch, elements]; only read.</param>
        /// <param name="scaled">[batch, elements]; written; may be exactly the sample.</param>
        /// <exception cref="SchedException">Finished, Shape, Dtype, Overlap, Argument.</exception>
        public void ScaleInput(ReadOnlyTensor sample, Tensor scaled)
        {
            using var use = Enter();
            fixed (byte* x = sample, to = scaled)
            {
                Check(Native.sched_flat_scale_input(
                    handle, x, sample.Count, (int)sample.Dtype, to, scaled.Count, (int)scaled.Dtype));
            }
        }

        /// <summary><see cref="ScaleInput"/> that overwrites the sample.</summary>
        /// <param name="sample">[batch, elements].</param>
        /// <exception cref="SchedException">As <see cref="ScaleInput"/>.</exception>
        public void ScaleInputInPlace(Tensor sample) => ScaleInput(sample, sample);

        /// <summary>
        /// Noises clean data to the level at which a step begins (image to image, inpainting).
        /// </summary>
        /// <param name="step">0 to the steps of the whole schedule.</param>
        /// <param name="original">[batch, elements] x0; only read.</param>
        /// <param name="noise">
        /// [batch, elements] standard normals; <c>default</c> takes those of <see cref="InitialNoise"/>.
        /// </param>
        /// <param name="noised">[batch, elements]; written; may be exactly the original.</param>
        /// <exception cref="SchedException">Steps, Shape, Dtype, Overlap, Argument.</exception>
        public void AddNoise(long step, ReadOnlyTensor original, ReadOnlyTensor noise, Tensor noised)
        {
            using var use = Enter();
            fixed (byte* x = original, n = noise, to = noised)
            {
                Check(Native.sched_flat_add_noise(
                    handle,
                    step,
                    x,
                    original.Count,
                    (int)original.Dtype,
                    n,
                    noise.Count,
                    (int)noise.Dtype,
                    to,
                    noised.Count,
                    (int)noised.Dtype));
            }
        }

        /// <summary><see cref="AddNoise"/> that overwrites the clean data.</summary>
        /// <param name="step">0 to the steps of the whole schedule.</param>
        /// <param name="data">[batch, elements].</param>
        /// <param name="noise">As <see cref="AddNoise"/>.</param>
        /// <exception cref="SchedException">As <see cref="AddNoise"/>.</exception>
        public void AddNoiseInPlace(long step, Tensor data, ReadOnlyTensor noise = default) =>
            AddNoise(step, data, noise, data);

        /// <summary>
        /// Moves the sample one model call closer to the data. Once for each entry of
        /// <see cref="Timesteps"/>, in order. Noise that the method needs is drawn from the state's own
        /// generator.
        /// </summary>
        /// <param name="sample">[batch, elements] x at the current noise level, unscaled; only read.</param>
        /// <param name="prediction">
        /// [batch, elements] what the network returned; twice as many where the variance is learned;
        /// only read.
        /// </param>
        /// <param name="next">
        /// [batch, elements] gets x at the next noise level; may be exactly the sample, and overlap
        /// nothing otherwise.
        /// </param>
        /// <exception cref="SchedException">
        /// Finished, Shape, Dtype, Overlap, Argument; NotFinite where the method depends on norms and a
        /// tensor holds NaN or infinity; those of Vulkan.
        /// </exception>
        public void Step(ReadOnlyTensor sample, ReadOnlyTensor prediction, Tensor next)
        {
            using var use = Enter();
            fixed (byte* x = sample, f = prediction, to = next)
            {
                Check(Native.sched_flat_step(
                    handle,
                    x,
                    sample.Count,
                    (int)sample.Dtype,
                    f,
                    prediction.Count,
                    (int)prediction.Dtype,
                    to,
                    next.Count,
                    (int)next.Dtype));
            }
        }

        /// <summary><see cref="Step"/> that overwrites the sample with the next.</summary>
        /// <param name="sample">[batch, elements].</param>
        /// <param name="prediction">As <see cref="Step"/>.</param>
        /// <exception cref="SchedException">As <see cref="Step"/>.</exception>
        public void StepInPlace(Tensor sample, ReadOnlyTensor prediction) => Step(sample, prediction, sample);

        /// <summary>A call that asks no model (<see cref="Call.NeedsModel"/> is false), in place.</summary>
        /// <param name="sample">[batch, elements].</param>
        /// <exception cref="SchedException">
        /// Argument where the call needs a prediction; as <see cref="Step"/>.
        /// </exception>
        public void StepWithoutModel(Tensor sample) => StepWide(new StepArgs(sample));

        /// <summary><see cref="Step"/> with everything optional, in the same pass over memory.</summary>
        /// <param name="args">The tensors; outputs may overlap nothing, but for next the sample.</param>
        /// <exception cref="SchedException">
        /// As <see cref="Step"/>; Option for noise that the step does not draw or group times for a
        /// method that has none; Value for a guidance scale or a group time that is not finite; Argument
        /// where the call needs a prediction and has none.
        /// </exception>
        public void StepWide(in StepArgs args)
        {
            using var use = Enter();
            double empty;
            fixed (byte* sample = args.Sample, prediction = args.Prediction, next = args.Next)
            fixed (byte* unconditional = args.Unconditional, noise0 = args.Noise0, noise1 = args.Noise1)
            fixed (byte* denoised = args.Denoised, nextInput = args.NextInput)
            fixed (byte* mask = args.Mask, original = args.Original, knownNoise = args.KnownNoise)
            fixed (double* timesteps = &MemoryMarshal.GetReference(args.GroupTimesteps))
            fixed (double* targets = &MemoryMarshal.GetReference(args.GroupTargets))
            {
                Check(Native.sched_flat_step_wide(
                    handle,
                    sample,
                    args.Sample.Count,
                    (int)args.Sample.Dtype,
                    prediction,
                    args.Prediction.Count,
                    (int)args.Prediction.Dtype,
                    next,
                    args.Next.Count,
                    (int)args.Next.Dtype,
                    unconditional,
                    args.Unconditional.Count,
                    (int)args.Unconditional.Dtype,
                    noise0,
                    args.Noise0.Count,
                    (int)args.Noise0.Dtype,
                    noise1,
                    args.Noise1.Count,
                    (int)args.Noise1.Dtype,
                    denoised,
                    args.Denoised.Count,
                    (int)args.Denoised.Dtype,
                    nextInput,
                    args.NextInput.Count,
                    (int)args.NextInput.Dtype,
                    mask,
                    args.Mask.Count,
                    (int)args.Mask.Dtype,
                    original,
                    args.Original.Count,
                    (int)args.Original.Dtype,
                    knownNoise,
                    args.KnownNoise.Count,
                    (int)args.KnownNoise.Dtype,
                    args.HasGroupTimesteps && timesteps == null ? &empty : timesteps,
                    args.GroupTimesteps.Length,
                    args.HasGroupTargets && targets == null ? &empty : targets,
                    args.GroupTargets.Length,
                    args.GuidanceScale,
                    args.WithoutNoise ? 1 : 0));
            }
        }

        /// <summary>
        /// The state (position, memory rows, place in the noise) as versioned bytes with a checksum.
        /// </summary>
        /// <exception cref="SchedException">Those of Vulkan, whose rows are read back.</exception>
        public byte[] Save()
        {
            using var use = Enter();
            ulong size;
            Check(Native.sched_save(handle, null, 0, &size));
            var bytes = new byte[size];
            fixed (byte* to = bytes)
            {
                Check(Native.sched_save(handle, to, size, &size));
            }

            return bytes;
        }

        /// <summary>
        /// Continues from saved bytes, in a state that was started with the same configuration and
        /// options.
        /// </summary>
        /// <param name="bytes">What <see cref="Save"/> gave.</param>
        /// <exception cref="SchedException">
        /// Damaged where they are truncated, changed, or no saved state; Mismatch where they belong to
        /// another configuration or version.
        /// </exception>
        public void Load(ReadOnlySpan<byte> bytes)
        {
            using var use = Enter();
            byte empty;
            fixed (byte* from = &MemoryMarshal.GetReference(bytes))
            {
                Check(Native.sched_load(handle, from == null ? &empty : from, (ulong)bytes.Length));
            }
        }

        /// <summary>A second state that goes on from the same point, independently.</summary>
        /// <exception cref="SchedException">Memory, and those of Vulkan.</exception>
        public State Clone()
        {
            using var use = Enter();
            int status;
            var clone = Native.sched_flat_clone(handle, &status);
            Check((sched_status)status);
            return new State(clone);
        }

        /// <summary>
        /// Releases it. More than once is fine; a call that another thread has running is finished
        /// first.
        /// </summary>
        public void Dispose() => handle.Dispose();

        private double[] Numbers(List list)
        {
            using var use = Enter();
            long count;
            Check(Copy(list, null, 0, &count));
            var numbers = new double[count];
            fixed (double* to = numbers)
            {
                Check(Copy(list, to, count, null));
            }

            return numbers;
        }

        private sched_status Copy(List list, double* to, long capacity, long* count) =>
            list switch
            {
                List.Timesteps => Native.sched_timesteps(handle, to, capacity, count),
                List.Sigmas => Native.sched_sigmas(handle, to, capacity, count),
                _ => Native.sched_levels(handle, to, capacity, count),
            };

        /// <summary>Throws, but for SCHED_OK, with the state's own sentence.</summary>
        private void Check(sched_status status)
        {
            if (status != sched_status.SCHED_OK)
            {
                throw new SchedException((Status)status, Text.Decode(Native.sched_last_error(handle)));
            }
        }

        /// <summary>Takes the state for one call.</summary>
        private Use Enter()
        {
            // Counted, so that what another thread disposes of stays until its sentence is copied.
            var isCounted = false;
            handle.DangerousAddRef(ref isCounted);
            if (Interlocked.Exchange(ref busy, 1) != 0)
            {
                handle.DangerousRelease();
                throw new InvalidOperationException("a state takes one call at a time, and another thread's runs");
            }

            return new Use(this);
        }

        /// <summary>One call: until it is disposed of, the state takes no other.</summary>
        private readonly ref struct Use
        {
            private readonly State state;

            internal Use(State state) => this.state = state;

            public void Dispose()
            {
                Volatile.Write(ref state.busy, 0);
                state.handle.DangerousRelease();
            }
        }
    }
}

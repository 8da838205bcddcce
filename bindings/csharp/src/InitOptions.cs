using System;
using System.Collections.Generic;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// One loop: how many steps, of what shape, and what its method takes besides. What is not set is
    /// not given to the library, and an option that a method does not have is an error, never silent.
    /// Lists are copied when the loop is started.
    /// </summary>
    public sealed class InitOptions
    {
        /// <summary>No steps and no elements yet.</summary>
        public InitOptions()
        {
        }

        /// <summary>A number of steps on samples of some number of values.</summary>
        /// <param name="numSteps">See <see cref="NumSteps"/>.</param>
        /// <param name="elements">See <see cref="Elements"/>.</param>
        public InitOptions(int numSteps, long elements)
        {
            NumSteps = numSteps;
            Elements = elements;
        }

        /// <summary>What diffusers calls num_inference_steps; 0 with custom lists.</summary>
        public int NumSteps { get; set; }

        /// <summary>Custom timesteps, falling.</summary>
        public double[]? Timesteps { get; set; }

        /// <summary>Custom sigmas, falling.</summary>
        public double[]? Sigmas { get; set; }

        /// <summary>First step to run, counted in steps of the whole schedule.</summary>
        public int BeginStep { get; set; }

        /// <summary>One past the last step to run; 0 means all.</summary>
        public int EndStep { get; set; }

        /// <summary>Image to image: runs the last part of the schedule, (0, 1].</summary>
        public double? Strength { get; set; }

        /// <summary>Dynamic shift, from the pipeline's sequence length.</summary>
        public double? Mu { get; set; }

        /// <summary>Items.</summary>
        public long Batch { get; set; } = 1;

        /// <summary>Values per item.</summary>
        public long Elements { get; set; }

        /// <summary>Element type of sample and next.</summary>
        public Dtype Dtype { get; set; } = Dtype.Float32;

        /// <summary>What runs the steps.</summary>
        public Kernel Kernel { get; set; }

        /// <summary>Philox: seed of item 0, item k takes seed + k; other generators: of the whole batch.</summary>
        public ulong Seed { get; set; }

        /// <summary>A seed for each item instead.</summary>
        public ulong[]? ItemSeeds { get; set; }

        /// <summary>DDIM, ancestral and SDE solvers: amount of noise.</summary>
        public double? Eta { get; set; }

        /// <summary>Euler, Heun, DPM-2: churn (Karras et al. 2022, algorithm 2).</summary>
        public double? SChurn { get; set; }

        /// <summary>Lowest sigma that is churned.</summary>
        public double? STmin { get; set; }

        /// <summary>Highest sigma that is churned.</summary>
        public double? STmax { get; set; }

        /// <summary>Solvers with noise of their own: its deviation.</summary>
        public double? SNoise { get; set; }

        /// <summary>LMS, 1 to 4; 0 means 4.</summary>
        public int Order { get; set; }

        /// <summary>LCM: steps of the schedule that was distilled; 0 means the configuration's.</summary>
        public int OriginalInferenceSteps { get; set; }

        /// <summary>DDIM: derives the prediction again from the clipped x0.</summary>
        public bool UseClippedModelOutput { get; set; }

        /// <summary>Heun: timesteps of the training schedule; 0 means the configuration's.</summary>
        public int NumTrainTimesteps { get; set; }

        /// <summary>RePaint: steps of a jump back; 0 means the configuration's.</summary>
        public int JumpLength { get; set; }

        /// <summary>RePaint: how often it jumps; 0 means the configuration's.</summary>
        public int JumpNSample { get; set; }

        /// <summary>SCM: the first angle, up to pi / 2.</summary>
        public double? MaxTimesteps { get; set; }

        /// <summary>SCM: the second of two angles; 0 spaces them evenly.</summary>
        public double? IntermediateTimesteps { get; set; }

        /// <summary>Helios: which stage, where there are several.</summary>
        public int? StageIndex { get; set; }

        /// <summary>Helios DMD: twice the steps and one.</summary>
        public bool IsAmplifyFirstChunk { get; set; }

        /// <summary>
        /// Runs on a Vulkan device: the default kernel is <see cref="Kernel.Vulkan"/> then. The state
        /// keeps the device alive.
        /// </summary>
        public Vulkan? Vulkan { get; set; }

        /// <summary>Vulkan: recorded calls that may be pending; 0 means all.</summary>
        public int RecordedInFlight { get; set; }

        /// <summary>Vulkan: groups in the whole batch of a recorded step; 0 means 64.</summary>
        public int RecordedGroups { get; set; }

        /// <summary>
        /// Most threads that a step uses, up to 256, out of a pool that the states of a scheduler
        /// share; 0 and 1 mean the calling thread alone. Bits do not depend on it.
        /// </summary>
        public int Threads { get; set; }

        /// <summary>Element type of the rows that the state keeps; the kernel's own where null.</summary>
        public Dtype? HistoryDtype { get; set; }

        /// <summary>Whose normals the loop draws.</summary>
        public Generator Generator { get; set; }

        /// <summary>Which draws a reference takes besides.</summary>
        public DrawPolicy DrawPolicy { get; set; }

        /// <summary>In which torch on a CPU draws, or to which torch on a card rounds; float32 where null.</summary>
        public Dtype? NoiseDtype { get; set; }

        /// <summary>Tensors that the reference draws between first sample and first step; -1 where it did not draw the first sample.</summary>
        public int ExtraDraws { get; set; }

        /// <summary>Tensors that the reference draws before the first sample: 1 in image to image.</summary>
        public int FirstSampleDraw { get; set; }

        /// <summary>Torch on a card: how many multiprocessors it has; see <see cref="UseCudaCard"/>.</summary>
        public int CudaMultiprocessors { get; set; }

        /// <summary>Torch on a card: how many threads each multiprocessor runs at once.</summary>
        public int CudaThreadsPerMultiprocessor { get; set; }

        /// <summary>Items of the tensor that this is a part of; 0 for its own.</summary>
        public long WholeBatch { get; set; }

        /// <summary>Elements of an item of the tensor that this is a part of; 0 for its own.</summary>
        public long WholeElements { get; set; }

        /// <summary>Item of the whole at which the part begins.</summary>
        public long FirstItem { get; set; }

        /// <summary>Element of each item of the whole at which the part begins.</summary>
        public long FirstElement { get; set; }

        /// <summary>The cards whose numbers the library knows.</summary>
        public static unsafe IReadOnlyList<string> CudaCards
        {
            get
            {
                var cards = new List<string>();
                for (void* name; (name = Native.sched_cuda_card_name(cards.Count)) != null;)
                {
                    cards.Add(Text.Decode(name));
                }

                return cards;
            }
        }

        /// <summary>Torch on a card that the library knows, in any case of letters.</summary>
        /// <param name="name">"RTX 4090".</param>
        /// <exception cref="SchedException">There is no such card in the table.</exception>
        /// <exception cref="ArgumentException">The name is null, or has a zero inside.</exception>
        public unsafe void UseCudaCard(string name)
        {
            int multiprocessors, threads;
            fixed (byte* text = Text.EncodeWithZero(name ?? throw new ArgumentNullException(nameof(name)), nameof(name)))
            {
                if (Native.sched_cuda_card(text, &multiprocessors, &threads) != sched_status.SCHED_OK)
                {
                    throw new SchedException(Status.Value, "there is no card \"" + name + "\" in the table");
                }
            }

            CudaMultiprocessors = multiprocessors;
            CudaThreadsPerMultiprocessor = threads;
        }

        /// <summary>The numbers as a struct of C; the lists are arguments.</summary>
        internal sched_init_options ToRaw()
        {
            var raw = new sched_init_options
            {
                num_steps = NumSteps,
                begin_step = BeginStep,
                end_step = EndStep,
                batch = Batch,
                elements = Elements,
                dtype = (int)Dtype,
                kernel = (int)(Vulkan != null && Kernel == Kernel.Default ? Kernel.Vulkan : Kernel),
                seed = Seed,
                order = Order,
                original_inference_steps = OriginalInferenceSteps,
                use_clipped_model_output = UseClippedModelOutput ? 1 : 0,
                num_train_timesteps = NumTrainTimesteps,
                jump_length = JumpLength,
                jump_n_sample = JumpNSample,
                is_amplify_first_chunk = IsAmplifyFirstChunk ? 1 : 0,
                recorded_in_flight = RecordedInFlight,
                recorded_groups = RecordedGroups,
                threads = Threads,
                generator = (int)Generator,
                draw_policy = (int)DrawPolicy,
                extra_draws = ExtraDraws,
                first_sample_draw = FirstSampleDraw,
                cuda_multiprocessors = CudaMultiprocessors,
                cuda_threads_per_multiprocessor = CudaThreadsPerMultiprocessor,
                whole_batch = WholeBatch,
                whole_elements = WholeElements,
                first_item = FirstItem,
                first_element = FirstElement,
            };

            // The struct is made with the numbers that mean "not given".
            raw.strength = Strength ?? raw.strength;
            raw.mu = Mu ?? raw.mu;
            raw.eta = Eta ?? raw.eta;
            raw.s_churn = SChurn ?? raw.s_churn;
            raw.s_tmin = STmin ?? raw.s_tmin;
            raw.s_tmax = STmax ?? raw.s_tmax;
            raw.s_noise = SNoise ?? raw.s_noise;
            raw.max_timesteps = MaxTimesteps ?? raw.max_timesteps;
            raw.intermediate_timesteps = IntermediateTimesteps ?? raw.intermediate_timesteps;
            raw.stage_index = StageIndex ?? raw.stage_index;
            raw.history_dtype = (int?)HistoryDtype ?? raw.history_dtype;
            raw.noise_dtype = (int?)NoiseDtype ?? raw.noise_dtype;
            return raw;
        }
    }
}

using System;

namespace Sched
{
    /// <summary>A contiguous tensor, [batch, elements], in a buffer of the application's.</summary>
    public readonly struct VulkanTensor
    {
        /// <summary>Says where a tensor is.</summary>
        /// <param name="buffer">VkBuffer, of usage STORAGE_BUFFER.</param>
        /// <param name="offset">Bytes, a multiple of 4.</param>
        /// <param name="size">Bytes that the buffer has.</param>
        /// <param name="count">Values in the whole batch.</param>
        /// <param name="dtype">All but float64.</param>
        public VulkanTensor(ulong buffer, ulong offset, ulong size, long count, Dtype dtype = Dtype.Float32)
        {
            Buffer = buffer;
            Offset = offset;
            Size = size;
            Count = count;
            Dtype = dtype;
        }

        /// <summary>VkBuffer, of usage STORAGE_BUFFER.</summary>
        public ulong Buffer { get; }

        /// <summary>Bytes, a multiple of 4.</summary>
        public ulong Offset { get; }

        /// <summary>Bytes that the buffer has.</summary>
        public ulong Size { get; }

        /// <summary>Values in the whole batch.</summary>
        public long Count { get; }

        /// <summary>All but float64.</summary>
        public Dtype Dtype { get; }
    }

    /// <summary>
    /// A step on the application's buffers, member for member as <see cref="StepArgs"/>. Group times are
    /// in the host's memory.
    /// </summary>
    public ref struct VulkanStepArgs
    {
        private StepArgs host;

        /// <summary>A step from one tensor to another; outputs may not overlap otherwise.</summary>
        /// <param name="sample">x at the current noise level.</param>
        /// <param name="next">Gets x at the next noise level; may be exactly the sample.</param>
        public VulkanStepArgs(VulkanTensor sample, VulkanTensor next)
            : this()
        {
            Sample = sample;
            Next = next;
        }

        /// <summary>See <see cref="StepArgs.Sample"/>.</summary>
        public VulkanTensor Sample { get; set; }

        /// <summary>See <see cref="StepArgs.Next"/>.</summary>
        public VulkanTensor Next { get; set; }

        /// <summary>See <see cref="StepArgs.Prediction"/>.</summary>
        public VulkanTensor? Prediction { get; set; }

        /// <summary>See <see cref="StepArgs.Unconditional"/>.</summary>
        public VulkanTensor? Unconditional { get; set; }

        /// <summary>See <see cref="StepArgs.GuidanceScale"/>.</summary>
        public double GuidanceScale
        {
            readonly get => host.GuidanceScale;
            set => host.GuidanceScale = value;
        }

        /// <summary>See <see cref="StepArgs.Noise0"/>.</summary>
        public VulkanTensor? Noise0 { get; set; }

        /// <summary>See <see cref="StepArgs.Noise1"/>.</summary>
        public VulkanTensor? Noise1 { get; set; }

        /// <summary>See <see cref="StepArgs.Denoised"/>.</summary>
        public VulkanTensor? Denoised { get; set; }

        /// <summary>See <see cref="StepArgs.NextInput"/>.</summary>
        public VulkanTensor? NextInput { get; set; }

        /// <summary>See <see cref="StepArgs.Mask"/>.</summary>
        public VulkanTensor? Mask { get; set; }

        /// <summary>See <see cref="StepArgs.Original"/>.</summary>
        public VulkanTensor? Original { get; set; }

        /// <summary>See <see cref="StepArgs.KnownNoise"/>.</summary>
        public VulkanTensor? KnownNoise { get; set; }

        /// <summary>See <see cref="StepArgs.GroupTimesteps"/>.</summary>
        public ReadOnlySpan<double> GroupTimesteps
        {
            readonly get => host.GroupTimesteps;
            set => host.GroupTimesteps = value;
        }

        /// <summary>See <see cref="StepArgs.GroupTargets"/>.</summary>
        public ReadOnlySpan<double> GroupTargets
        {
            readonly get => host.GroupTargets;
            set => host.GroupTargets = value;
        }

        /// <summary>See <see cref="StepArgs.WithoutNoise"/>.</summary>
        public bool WithoutNoise
        {
            readonly get => host.WithoutNoise;
            set => host.WithoutNoise = value;
        }

        /// <summary>What is not in buffers.</summary>
        internal readonly StepArgs Host => host;
    }
}

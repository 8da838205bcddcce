using System;
using System.Runtime.InteropServices;
using Sched.Raw;

namespace Sched
{
    // Recording into the application's command buffers.
    public sealed unsafe partial class State
    {
        /// <summary>
        /// Records the next step: <see cref="StepWide"/> on the application's buffers.
        /// </summary>
        /// <remarks>
        /// <para>This holds for every recording. It neither waits, nor submits, nor allocates. The state's
        /// position moves when a call is recorded, not when it is executed. Before its first dispatch
        /// a recording makes what compute shaders and transfers wrote visible; what it wrote, the
        /// application makes visible (stage COMPUTE_SHADER, access SHADER_WRITE) to whoever reads it,
        /// unless that is another recording.</para>
        /// <para>Nothing can check that the command buffer is in the recording state, outside a render
        /// pass, and from a pool of a family that has compute; that buffers are valid until it was
        /// executed; that it is submitted once at most, in the order of recording, and executed to its
        /// end before the state has recorded <see cref="InitOptions.RecordedInFlight"/> calls more.</para>
        /// </remarks>
        /// <param name="vulkan">The context that the state was made with.</param>
        /// <param name="commandBuffer">VkCommandBuffer.</param>
        /// <param name="args">The tensors.</param>
        /// <param name="device">VkDevice that made the buffers; zero: not checked.</param>
        /// <exception cref="ArgumentNullException">There is no context.</exception>
        /// <exception cref="ArgumentException">An optional tensor is given without a buffer.</exception>
        /// <exception cref="SchedException">
        /// As <see cref="StepWide"/>; Conflict where the state was made with another context; Argument
        /// for a buffer that is zero, too small, or of another device; Overlap; Unsupported for more
        /// separate buffers than the device takes, or a step that depends on norms; Capacity for more
        /// groups than <see cref="InitOptions.RecordedGroups"/>.
        /// </exception>
        public void RecordStep(Vulkan vulkan, IntPtr commandBuffer, in VulkanStepArgs args, IntPtr device = default)
        {
            var tensors = new TensorTable(stackalloc ulong[TensorTable.Length(Native.SCHED_FLAT_SLOTS)]);
            tensors.Set((int)sched_flat_slot.SCHED_FLAT_SAMPLE, args.Sample);
            tensors.Set((int)sched_flat_slot.SCHED_FLAT_NEXT, args.Next);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_PREDICTION, args.Prediction);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_UNCONDITIONAL, args.Unconditional);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_NOISE0, args.Noise0);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_NOISE1, args.Noise1);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_DENOISED, args.Denoised);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_NEXT_INPUT, args.NextInput);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_MASK, args.Mask);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_ORIGINAL, args.Original);
            tensors.SetOptional((int)sched_flat_slot.SCHED_FLAT_KNOWN_NOISE, args.KnownNoise);
            var host = args.Host;
            double empty;
            using var use = Enter();
            fixed (double* timesteps = &MemoryMarshal.GetReference(host.GroupTimesteps))
            fixed (double* targets = &MemoryMarshal.GetReference(host.GroupTargets))
            fixed (ulong* table = tensors)
            {
                Check(Native.sched_flat_vulkan_record_step(
                    HandleOf(vulkan),
                    handle,
                    Number(commandBuffer),
                    Number(device),
                    table,
                    tensors.Offsets(table),
                    tensors.Sizes(table),
                    tensors.Counts(table),
                    tensors.Dtypes(table),
                    tensors.Count,
                    host.HasGroupTimesteps && timesteps == null ? &empty : timesteps,
                    host.GroupTimesteps.Length,
                    host.HasGroupTargets && targets == null ? &empty : targets,
                    host.GroupTargets.Length,
                    host.GuidanceScale,
                    host.WithoutNoise ? 1 : 0));
            }
        }

        /// <summary>Records <see cref="InitialNoise"/>; see <see cref="RecordStep"/>.</summary>
        /// <param name="vulkan">The context that the state was made with.</param>
        /// <param name="commandBuffer">VkCommandBuffer.</param>
        /// <param name="sample">Written.</param>
        /// <param name="device">VkDevice that made the buffer; zero: not checked.</param>
        /// <exception cref="SchedException">As <see cref="RecordStep"/>.</exception>
        public void RecordInitialNoise(Vulkan vulkan, IntPtr commandBuffer, VulkanTensor sample, IntPtr device = default)
        {
            var tensors = new TensorTable(stackalloc ulong[TensorTable.Length(1)]);
            tensors.Set(0, sample);
            using var use = Enter();
            fixed (ulong* table = tensors)
            {
                Check(Native.sched_flat_vulkan_record_initial_noise(
                    HandleOf(vulkan),
                    handle,
                    Number(commandBuffer),
                    Number(device),
                    table,
                    tensors.Offsets(table),
                    tensors.Sizes(table),
                    tensors.Counts(table),
                    tensors.Dtypes(table),
                    tensors.Count));
            }
        }

        /// <summary>Records <see cref="ScaleInput"/>; see <see cref="RecordStep"/>.</summary>
        /// <param name="vulkan">The context that the state was made with.</param>
        /// <param name="commandBuffer">VkCommandBuffer.</param>
        /// <param name="sample">Only read.</param>
        /// <param name="scaled">Written; may be exactly the sample.</param>
        /// <param name="device">VkDevice that made the buffers; zero: not checked.</param>
        /// <exception cref="SchedException">As <see cref="RecordStep"/>.</exception>
        public void RecordScaleInput(
            Vulkan vulkan, IntPtr commandBuffer, VulkanTensor sample, VulkanTensor scaled, IntPtr device = default)
        {
            var tensors = new TensorTable(stackalloc ulong[TensorTable.Length(2)]);
            tensors.Set(0, sample);
            tensors.Set(1, scaled);
            using var use = Enter();
            fixed (ulong* table = tensors)
            {
                Check(Native.sched_flat_vulkan_record_scale_input(
                    HandleOf(vulkan),
                    handle,
                    Number(commandBuffer),
                    Number(device),
                    table,
                    tensors.Offsets(table),
                    tensors.Sizes(table),
                    tensors.Counts(table),
                    tensors.Dtypes(table),
                    tensors.Count));
            }
        }

        /// <summary>Records <see cref="AddNoise"/>; see <see cref="RecordStep"/>.</summary>
        /// <param name="vulkan">The context that the state was made with.</param>
        /// <param name="commandBuffer">VkCommandBuffer.</param>
        /// <param name="step">0 to the steps of the whole schedule.</param>
        /// <param name="original">Only read.</param>
        /// <param name="noise">Standard normals; null takes those of <see cref="InitialNoise"/>.</param>
        /// <param name="noised">Written; may be exactly the original.</param>
        /// <param name="device">VkDevice that made the buffers; zero: not checked.</param>
        /// <exception cref="ArgumentException">The noise is given without a buffer.</exception>
        /// <exception cref="SchedException">As <see cref="RecordStep"/>.</exception>
        public void RecordAddNoise(
            Vulkan vulkan,
            IntPtr commandBuffer,
            long step,
            VulkanTensor original,
            VulkanTensor? noise,
            VulkanTensor noised,
            IntPtr device = default)
        {
            var tensors = new TensorTable(stackalloc ulong[TensorTable.Length(3)]);
            tensors.Set(0, original);
            tensors.SetOptional(1, noise);
            tensors.Set(2, noised);
            using var use = Enter();
            fixed (ulong* table = tensors)
            {
                Check(Native.sched_flat_vulkan_record_add_noise(
                    HandleOf(vulkan),
                    handle,
                    Number(commandBuffer),
                    step,
                    Number(device),
                    table,
                    tensors.Offsets(table),
                    tensors.Sizes(table),
                    tensors.Counts(table),
                    tensors.Dtypes(table),
                    tensors.Count));
            }
        }

        private static VulkanHandle HandleOf(Vulkan vulkan) =>
            (vulkan ?? throw new ArgumentNullException(nameof(vulkan))).Handle;

        private static ulong Number(IntPtr handle) => (ulong)handle.ToInt64();

        /// <summary>
        /// Tensors as the library takes them, an array for each of their members, one after another in
        /// the caller's memory. No tensor is no buffer.
        /// </summary>
        private readonly ref struct TensorTable
        {
            private const int Arrays = 5;
            private readonly Span<ulong> table;

            internal TensorTable(Span<ulong> table)
            {
                table.Clear();
                this.table = table;
            }

            internal int Count => table.Length / Arrays;

            internal static int Length(int tensors) => Arrays * tensors;

            internal void Set(int slot, VulkanTensor tensor)
            {
                table[slot] = tensor.Buffer;
                table[Count + slot] = tensor.Offset;
                table[(2 * Count) + slot] = tensor.Size;
                table[(3 * Count) + slot] = unchecked((ulong)tensor.Count);
                fixed (ulong* first = table)
                {
                    Dtypes(first)[slot] = (int)tensor.Dtype;
                }
            }

            internal void SetOptional(int slot, VulkanTensor? tensor)
            {
                if (tensor is { } given)
                {
                    // To the library no buffer is no tensor, and so would be ignored in silence.
                    Set(slot, given.Buffer != 0 ? given : throw new ArgumentException("a tensor has no buffer"));
                }
            }

            internal ref ulong GetPinnableReference() => ref table.GetPinnableReference();

            internal ulong* Offsets(ulong* first) => first + Count;

            internal ulong* Sizes(ulong* first) => first + (2 * Count);

            internal ulong* Counts(ulong* first) => first + (3 * Count);

            internal int* Dtypes(ulong* first) => (int*)(first + (4 * Count));
        }
    }
}

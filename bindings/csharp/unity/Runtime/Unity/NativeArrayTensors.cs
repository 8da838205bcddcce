using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;

namespace Sched.Unity
{
    /// <summary>
    /// NativeArray as tensors, [batch, elements], without a copy. An array must not be disposed of while
    /// a call has it; a disposed one is refused by Unity's own checks.
    /// </summary>
    public static unsafe class NativeArrayTensors
    {
        /// <summary>Views float32 that a call writes.</summary>
        /// <param name="values">The values.</param>
        public static Tensor AsTensor(this NativeArray<float> values) =>
            new Tensor(values.GetUnsafePtr(), values.Length, Dtype.Float32);

        /// <summary>Views float32 that a call reads.</summary>
        /// <param name="values">The values.</param>
        public static ReadOnlyTensor AsReadOnlyTensor(this NativeArray<float> values) =>
            new ReadOnlyTensor(values.GetUnsafeReadOnlyPtr(), values.Length, Dtype.Float32);

        /// <summary>Views float16 or bfloat16, as the bits of each value, that a call writes.</summary>
        /// <param name="bits">The values.</param>
        /// <param name="dtype">Which of the two.</param>
        public static Tensor AsTensor(this NativeArray<ushort> bits, Dtype dtype) =>
            new Tensor(bits.GetUnsafePtr(), bits.Length, dtype);

        /// <summary>Views float16 or bfloat16, as the bits of each value, that a call reads.</summary>
        /// <param name="bits">The values.</param>
        /// <param name="dtype">Which of the two.</param>
        public static ReadOnlyTensor AsReadOnlyTensor(this NativeArray<ushort> bits, Dtype dtype) =>
            new ReadOnlyTensor(bits.GetUnsafeReadOnlyPtr(), bits.Length, dtype);

        /// <summary>As <see cref="State.InitialNoise"/>.</summary>
        /// <param name="state">The state.</param>
        /// <param name="sample">Written.</param>
        public static void InitialNoise(this State state, NativeArray<float> sample) =>
            state.InitialNoise(sample.AsTensor());

        /// <summary>As <see cref="State.ScaleInput"/>.</summary>
        /// <param name="state">The state.</param>
        /// <param name="sample">Only read.</param>
        /// <param name="scaled">Written; may be the sample.</param>
        public static void ScaleInput(this State state, NativeArray<float> sample, NativeArray<float> scaled) =>
            state.ScaleInput(sample.AsReadOnlyTensor(), scaled.AsTensor());

        /// <summary>As <see cref="State.AddNoise"/>, with the state's own noise.</summary>
        /// <param name="state">The state.</param>
        /// <param name="step">0 to the steps of the whole schedule.</param>
        /// <param name="original">Only read.</param>
        /// <param name="noised">Written; may be the original.</param>
        public static void AddNoise(
            this State state, long step, NativeArray<float> original, NativeArray<float> noised) =>
            state.AddNoise(step, original.AsReadOnlyTensor(), default, noised.AsTensor());

        /// <summary>As <see cref="State.Step"/>.</summary>
        /// <param name="state">The state.</param>
        /// <param name="sample">Only read.</param>
        /// <param name="prediction">Only read.</param>
        /// <param name="next">Written; may be the sample.</param>
        public static void Step(
            this State state, NativeArray<float> sample, NativeArray<float> prediction, NativeArray<float> next) =>
            state.Step(sample.AsReadOnlyTensor(), prediction.AsReadOnlyTensor(), next.AsTensor());

        /// <summary>As <see cref="State.StepInPlace"/>.</summary>
        /// <param name="state">The state.</param>
        /// <param name="sample">Overwritten with the next.</param>
        /// <param name="prediction">Only read.</param>
        public static void StepInPlace(this State state, NativeArray<float> sample, NativeArray<float> prediction) =>
            state.StepInPlace(sample.AsTensor(), prediction.AsReadOnlyTensor());
    }
}

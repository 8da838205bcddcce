using System;
using System.Runtime.InteropServices;

namespace Sched
{
    /// <summary>
    /// Values of a whole batch, [batch, elements], that a call reads: a view of the caller's memory,
    /// which is pinned for the call and never copied. Spans and arrays convert to it. The default is
    /// no tensor.
    /// </summary>
    public readonly unsafe ref struct ReadOnlyTensor
    {
        // The first value alone: a span of bytes cannot be as long as one of floats.
        private readonly ReadOnlySpan<byte> first;

        /// <summary>Views memory that does not move, such as native memory.</summary>
        /// <param name="data">Where the values are; the caller keeps them there for the call.</param>
        /// <param name="count">How many there are in the whole batch.</param>
        /// <param name="dtype">Their type.</param>
        public ReadOnlyTensor(void* data, long count, Dtype dtype)
            : this(count, dtype, new ReadOnlySpan<byte>(data, data == null ? 0 : 1))
        {
        }

        internal ReadOnlyTensor(long count, Dtype dtype, ReadOnlySpan<byte> first)
        {
            this.first = first;
            Count = count;
            Dtype = dtype;
        }

        /// <summary>How many values there are in the whole batch.</summary>
        public long Count { get; }

        /// <summary>Their type; no type for no tensor.</summary>
        public Dtype Dtype { get; }

        /// <summary>Views a span of float32.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(ReadOnlySpan<float> values) =>
            new ReadOnlyTensor(values.Length, Dtype.Float32, Views.First(values));

        /// <summary>Views a span of float32.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(Span<float> values) => (ReadOnlySpan<float>)values;

        /// <summary>Views an array of float32.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator ReadOnlyTensor(float[] values) => Views.Span(values);

        /// <summary>Views a span of float64.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(ReadOnlySpan<double> values) =>
            new ReadOnlyTensor(values.Length, Dtype.Float64, Views.First(values));

        /// <summary>Views a span of float64.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(Span<double> values) => (ReadOnlySpan<double>)values;

        /// <summary>Views an array of float64.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator ReadOnlyTensor(double[] values) => Views.Span(values);

#if NET
        /// <summary>Views a span of float16.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(ReadOnlySpan<Half> values) =>
            new ReadOnlyTensor(values.Length, Dtype.Float16, Views.First(values));

        /// <summary>Views a span of float16.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator ReadOnlyTensor(Span<Half> values) => (ReadOnlySpan<Half>)values;

        /// <summary>Views an array of float16.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator ReadOnlyTensor(Half[] values) => Views.Span(values);
#endif

        /// <summary>Views what may be written.</summary>
        /// <param name="tensor">The tensor.</param>
        public static implicit operator ReadOnlyTensor(Tensor tensor) => tensor.AsReadOnly();

        /// <summary>Views float16 as the bits of each value.</summary>
        /// <param name="bits">The values.</param>
        public static ReadOnlyTensor Float16(ReadOnlySpan<ushort> bits) =>
            new ReadOnlyTensor(bits.Length, Dtype.Float16, Views.First(bits));

        /// <summary>Views bfloat16 as the bits of each value.</summary>
        /// <param name="bits">The values.</param>
        public static ReadOnlyTensor BFloat16(ReadOnlySpan<ushort> bits) =>
            new ReadOnlyTensor(bits.Length, Dtype.BFloat16, Views.First(bits));

        /// <summary>
        /// For <c>fixed</c>: the first value; NULL for no tensor. Mono 6 lacks what the span itself has.
        /// </summary>
        internal ref byte GetPinnableReference() => ref MemoryMarshal.GetReference(first);
    }

    /// <summary>
    /// Values of a whole batch, [batch, elements], that a call writes: a view of the caller's memory,
    /// which is pinned for the call and never copied. Spans and arrays convert to it. The default is
    /// no tensor.
    /// </summary>
    public readonly unsafe ref struct Tensor
    {
        private readonly Span<byte> first;

        /// <summary>Views memory that does not move, such as native memory.</summary>
        /// <param name="data">Where the values are; the caller keeps them there for the call.</param>
        /// <param name="count">How many there are in the whole batch.</param>
        /// <param name="dtype">Their type.</param>
        public Tensor(void* data, long count, Dtype dtype)
            : this(count, dtype, new Span<byte>(data, data == null ? 0 : 1))
        {
        }

        private Tensor(long count, Dtype dtype, Span<byte> first)
        {
            this.first = first;
            Count = count;
            Dtype = dtype;
        }

        /// <summary>How many values there are in the whole batch.</summary>
        public long Count { get; }

        /// <summary>Their type; no type for no tensor.</summary>
        public Dtype Dtype { get; }

        /// <summary>Views a span of float32.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator Tensor(Span<float> values) =>
            new Tensor(values.Length, Dtype.Float32, Views.First(values));

        /// <summary>Views an array of float32.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator Tensor(float[] values) => Views.Span(values);

        /// <summary>Views a span of float64.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator Tensor(Span<double> values) =>
            new Tensor(values.Length, Dtype.Float64, Views.First(values));

        /// <summary>Views an array of float64.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator Tensor(double[] values) => Views.Span(values);

#if NET
        /// <summary>Views a span of float16.</summary>
        /// <param name="values">The values.</param>
        public static implicit operator Tensor(Span<Half> values) =>
            new Tensor(values.Length, Dtype.Float16, Views.First(values));

        /// <summary>Views an array of float16.</summary>
        /// <param name="values">The values.</param>
        /// <exception cref="ArgumentNullException">There is no array.</exception>
        public static implicit operator Tensor(Half[] values) => Views.Span(values);
#endif

        /// <summary>Views float16 as the bits of each value.</summary>
        /// <param name="bits">The values.</param>
        public static Tensor Float16(Span<ushort> bits) =>
            new Tensor(bits.Length, Dtype.Float16, Views.First(bits));

        /// <summary>Views bfloat16 as the bits of each value.</summary>
        /// <param name="bits">The values.</param>
        public static Tensor BFloat16(Span<ushort> bits) =>
            new Tensor(bits.Length, Dtype.BFloat16, Views.First(bits));

        /// <summary>The same values, to be read.</summary>
        public ReadOnlyTensor AsReadOnly() => new ReadOnlyTensor(Count, Dtype, first);

        /// <summary>For <c>fixed</c>: the first value; NULL for no tensor.</summary>
        internal ref byte GetPinnableReference() => ref MemoryMarshal.GetReference(first);
    }

    /// <summary>What both kinds of tensors are made with.</summary>
    internal static class Views
    {
        // An empty span is a tensor all the same, of the wrong shape: it has an address too.
        private static readonly byte[] Empty = new byte[8];

        internal static ReadOnlySpan<byte> First<T>(ReadOnlySpan<T> values)
            where T : unmanaged =>
            values.IsEmpty ? Empty : MemoryMarshal.AsBytes(values.Slice(0, 1));

        internal static Span<byte> First<T>(Span<T> values)
            where T : unmanaged =>
            values.IsEmpty ? Empty : MemoryMarshal.AsBytes(values.Slice(0, 1));

        /// <summary>An array that is not there is a mistake; no tensor is said by the default.</summary>
        internal static Span<T> Span<T>(T[] values)
            where T : unmanaged =>
            values ?? throw new ArgumentNullException(nameof(values));
    }
}

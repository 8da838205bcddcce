using System.Runtime.InteropServices;
using static Sched.Tests.Support;

namespace Sched.Tests;

/// <summary>Tensors are the caller's memory: neither copied nor kept, and steps allocate nothing.</summary>
public class MemoryTests
{
    /// <summary>What is written lands in the caller's memory, to its ends and not beyond.</summary>
    [Fact]
    public unsafe void NativeMemoryIsTakenAsItIs()
    {
        const int Count = 1 << 10;
        using var state = Start("DDIMScheduler", new InitOptions(10, Count));
        var memory = (float*)NativeMemory.AlignedAlloc(3 * Count * sizeof(float), 64);
        try
        {
            new Span<float>(memory, 3 * Count).Fill(7);
            var x = new Tensor(memory + Count, Count, Dtype.Float32);
            state.InitialNoise(x);
            Assert.Equal(7, memory[Count - 1]);
            Assert.NotEqual(7, memory[Count]);
            Assert.NotEqual(7, memory[(2 * Count) - 1]);
            Assert.Equal(7, memory[2 * Count]);
            var copy = new ReadOnlySpan<float>(memory + Count, Count).ToArray();
            state.StepInPlace(x, copy);
            Assert.NotEqual(copy[0], memory[Count]);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>The address that the library gets is that of the span.</summary>
    [Fact]
    public unsafe void AddressesAreThoseOfTheSpans()
    {
        var values = GC.AllocateArray<float>(N, pinned: true);
        var address = (nint)Unsafe(values, 3);
        Tensor tensor = values.AsSpan(3);
        ReadOnlyTensor view = values.AsSpan(3), same = tensor;
        fixed (byte* a = tensor, b = view, c = same)
        {
            Assert.Equal(address, (nint)a);
            Assert.Equal(address, (nint)b);
            Assert.Equal(address, (nint)c);
        }

        Assert.Equal((N - 3, Dtype.Float32), (tensor.Count, tensor.Dtype));
        fixed (byte* none = default(Tensor), empty = (Tensor)Span<float>.Empty)
        {
            Assert.True(none == null);
            Assert.True(empty != null);
        }

        static float* Unsafe(float[] values, int index) =>
            (float*)Marshal.UnsafeAddrOfPinnedArrayElement(values, index);
    }

    [Fact]
    public void StepsAllocateNothing()
    {
        // A copy of one tensor would be seen at once.
        const int Elements = 1 << 12, Steps = 400;
        using var state = Start("DPMSolverMultistepScheduler", new InitOptions(Steps, Elements));
        float[] x = new float[Elements], f = new float[Elements], preview = new float[Elements];
        state.InitialNoise(x);
        void Step()
        {
            state.ScaleInput(x, preview);
            state.StepInPlace(x, f);
            state.StepWide(new StepArgs(x) { Prediction = f, Denoised = preview });
            _ = state.NextCall();
            _ = state.CallsDone;
        }

        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < (Steps / 2) - 2; i++)
        {
            Step();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Steps - 2, state.CallsDone);
    }

    /// <summary>Arrays move between calls; a step must not care.</summary>
    [Fact]
    public async Task CollectionsDoNotDisturb()
    {
        using var first = Start("DPMSolverMultistepScheduler");
        var expected = Run(first);
        // With a pause, or the loops would hardly come to their turn.
        var collector = Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                Thread.Sleep(1);
            }
        });
        for (var i = 0; i < 20 || !collector.IsCompleted; i++)
        {
            using var state = Start("DPMSolverMultistepScheduler");
            AssertSame(expected, Run(state));
        }

        await collector;
    }
}

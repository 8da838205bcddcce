using static Sched.Tests.Support;

// Memory and time are measured.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Sched.Tests;

/// <summary>Who may be shared, what is refused, and what may be closed when.</summary>
public class ThreadTests
{
    private const string Class = "EulerAncestralDiscreteScheduler";

    [Fact]
    public void SchedulersAreSharedAndStatesSent()
    {
        using var scheduler = Scheduler(Class);
        using var first = scheduler.Init(Options());
        var expected = Run(first);
        Parallel.For(0, 100, _ =>
        {
            using var state = scheduler.Init(Options());
            AssertSame(expected, Run(state));
        });
    }

    // Long enough, with noise, that steps use their threads.
    [Fact]
    public void StepsUseThreads()
    {
        const int Elements = 150001;
        using var scheduler = Scheduler(Class);
        float[] After(int threads)
        {
            using var state = scheduler.Init(new(2, Elements) { Batch = 2, Seed = 42, Threads = threads });
            var x = new float[2 * Elements];
            state.InitialNoise(x);
            return Finish(state, x);
        }

        var expected = After(0);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            Assert.True(expected.AsSpan().SequenceEqual(After(threads)));
        }

        Refused(Status.Value, "threads is -1", () => After(-1));
        Refused(Status.Value, "threads is 257", () => After(257));
    }

    [Fact]
    public void OneStateTakesOneCallAtATime()
    {
        // Long enough that the calls of two threads meet.
        const int Elements = 1 << 20;
        using var state = Start("DDIMScheduler", new InitOptions(10, Elements));
        var refused = 0;
        var deadline = DateTime.UtcNow.AddSeconds(60);
        void Use()
        {
            float[] x = new float[Elements], scaled = new float[Elements];
            while (Volatile.Read(ref refused) == 0 && DateTime.UtcNow < deadline)
            {
                try
                {
                    state.ScaleInput(x, scaled);
                }
                catch (InvalidOperationException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }

        Thread[] threads = [new(Use), new(Use)];
        System.Array.ForEach(threads, thread => thread.Start());
        System.Array.ForEach(threads, thread => thread.Join());
        Assert.InRange(refused, 1, 2);

        // The one that was let through has given the state back.
        Assert.Equal(0, state.CallsDone);
    }

    [Fact]
    public void EveryCallAsksWhetherTheStateIsBusy()
    {
        var x = new float[N];
        foreach (var call in EveryCall(x))
        {
            using var state = Start(Class);
            var busy = typeof(State).GetField("busy", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!;
            busy.SetValue(state, 1);
            Assert.Throws<InvalidOperationException>(() => call(state));
            busy.SetValue(state, 0);
            Assert.Equal(0, state.CallsDone);
        }
    }

    [Fact]
    public void NothingWorksAfterItWasClosed()
    {
        var x = new float[N];
        foreach (var call in EveryCall(x))
        {
            var state = Start(Class);
            state.Dispose();
            state.Dispose();
            Assert.Throws<ObjectDisposedException>(() => call(state));
        }

        var scheduler = Scheduler(Class);
        scheduler.Dispose();
        scheduler.Dispose();
        Assert.Throws<ObjectDisposedException>(() => scheduler.Init(Options()));
        Assert.Throws<ObjectDisposedException>(() => scheduler.Method);
        Assert.Throws<ObjectDisposedException>(() => scheduler.Quirks);
        Assert.Throws<ObjectDisposedException>(() => scheduler.Warnings);
    }

    [Fact]
    public void ClosingComesInAnyOrder()
    {
        using var first = Start(Class);
        var expected = Run(first);
        var scheduler = Scheduler(Class);
        var state = scheduler.Init(Options());
        scheduler.Dispose();
        using var clone = state.Clone();
        state.Dispose();
        AssertSame(expected, Run(clone));
    }

    /// <summary>A call that runs is finished; those that come later are refused.</summary>
    [Fact]
    public async Task ClosingWhileInUse()
    {
        const int Elements = 1 << 18;
        using var scheduler = Scheduler("DPMSolverMultistepScheduler");
        for (var round = 0; round < 20; round++)
        {
            var state = scheduler.Init(new InitOptions(1000, Elements));
            var isRunning = new ManualResetEventSlim();
            var user = Task.Run(() =>
            {
                float[] x = new float[Elements], f = Filled(0.1f, Elements);
                try
                {
                    for (var i = 0; i < 1000; i++)
                    {
                        state.StepInPlace(x, f);
                        isRunning.Set();
                    }
                }
                catch (ObjectDisposedException)
                {
                    return true;
                }

                return false;
            });
            isRunning.Wait();
            state.Dispose();
            Assert.True(await user);
        }
    }

    /// <summary>The sentence of an error is the native state's, which must not go before it is read.</summary>
    [Fact]
    public async Task ClosingWhileErrorsAreRead()
    {
        using var scheduler = Scheduler("DDIMScheduler");
        for (var round = 0; round < 500; round++)
        {
            var state = scheduler.Init(new InitOptions(10, N));
            var isRunning = new ManualResetEventSlim();
            var user = Task.Run(() =>
            {
                while (true)
                {
                    try
                    {
                        state.StepInPlace(new float[N], new float[N - 1]);
                    }
                    catch (SchedException error)
                    {
                        Assert.Contains("prediction", error.Message);
                    }
                    catch (ObjectDisposedException)
                    {
                        return;
                    }

                    isRunning.Set();
                }
            });
            isRunning.Wait();
            state.Dispose();
            await user;
        }
    }

    /// <summary>States that nobody closes: their finalizers do.</summary>
    [Fact]
    public void WhatIsForgottenIsFreed()
    {
        const int Elements = 1 << 18, Megabyte = 1 << 20;
        using var scheduler = Scheduler("DPMSolverMultistepScheduler");
        var x = new float[Elements];
        void Forget(int count)
        {
            for (var i = 0; i < count; i++)
            {
                scheduler.Init(new InitOptions(10, Elements)).StepInPlace(x, x.AsSpan().ToArray());
            }

            Collect();
        }

        Forget(20);
        var before = Environment.WorkingSet;
        for (var i = 0; i < 10; i++)
        {
            Forget(20);
        }

        // Each keeps rows of a megabyte.
        Assert.InRange((Environment.WorkingSet - before) / Megabyte, long.MinValue, 50);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    /// <summary>Every member that reaches the native state.</summary>
    private static Action<State>[] EveryCall(float[] x) =>
    [
        s => _ = s.PredictionElements,
        s => _ = s.NumSteps,
        s => _ = s.NumCalls,
        s => _ = s.CallsDone,
        s => _ = s.IsFinished,
        s => _ = s.Attempts,
        s => _ = s.Kernel,
        s => _ = s.Bytes,
        s => _ = s.CanContinue,
        s => _ = s.InitNoiseSigma,
        s => _ = s.InputScale,
        s => _ = s.NextDraws,
        s => s.NextCall(),
        s => s.CallAt(0),
        s => s.CallEndsStep(0),
        s => s.Timesteps(),
        s => s.Sigmas(),
        s => s.Levels(),
        s => s.StepForTimestep(0),
        s => s.Weights(0),
        s => s.InitialNoise(x),
        s => s.ScaleInput(x, x),
        s => s.ScaleInputInPlace(x),
        s => s.AddNoise(0, x, x, x),
        s => s.AddNoiseInPlace(0, x),
        s => s.Step(x, x, x),
        s => s.StepInPlace(x, x),
        s => s.StepWithoutModel(x),
        s => s.StepWide(new StepArgs(x)),
        s => s.Save(),
        s => s.Load([]),
        s => s.Clone(),
    ];
}

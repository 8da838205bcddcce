using static Sched.Tests.Support;

namespace Sched.Tests;

/// <summary>Every kind of error, what it says, and that it changes nothing.</summary>
public class ErrorTests
{
    private delegate void Try(State state, float[] next);

    [Fact]
    public void OfConfigurations()
    {
        static void Bad(Status status, string words, string config) =>
            Refused(status, words, () => new Scheduler(config));

        Bad(Status.Json, string.Empty, "{");
        Bad(Status.Json, string.Empty, string.Empty);
        Bad(Status.Json, string.Empty, "{\"_class_name\"\0: 1}");
        Refused(Status.Json, string.Empty, () => new Scheduler([]));
        Refused(Status.Json, string.Empty, () => new Scheduler("{\"_class_name\": \"\u00ff\"}"u8[..^4]));
        Refused(Status.Json, string.Empty, () => new Scheduler([(byte)'{', 0xff, (byte)'}']));
        Bad(Status.UnknownClass, "Nope", """{"_class_name": "NopeScheduler"}""");
        Bad(Status.UnknownClass, string.Empty, "{}");
        Bad(Status.UnknownKey, "colour", """{"_class_name": "DDIMScheduler", "colour": 1}""");
        Bad(Status.Type, "beta_end", """{"_class_name": "DDIMScheduler", "beta_end": "big"}""");
        Bad(
            Status.Value,
            "linspace | leading | trailing",
            """{"_class_name": "DDIMScheduler", "timestep_spacing": "linspce"}""");
        Bad(
            Status.Conflict,
            "use_karras_sigmas",
            """{"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true, "use_exponential_sigmas": true}""");
        Assert.Throws<ArgumentNullException>(() => new Scheduler((string)null!));
        Assert.ThrowsAny<ArgumentException>(() => new Scheduler("\ud83d"));
    }

    [Fact]
    public void SentencesAreUtf8()
    {
        const string Key = "couleur \U0001F3A8 \u00e9\u4e2d";
        Refused(Status.UnknownKey, Key, () => new Scheduler($$"""{"_class_name": "DDIMScheduler", "{{Key}}": 1}"""));
        using var lenient = new Scheduler($$"""{"_class_name": "DDIMScheduler", "{{Key}}": 1}""", lenient: true);
        Assert.Contains(Key, Assert.Single(lenient.Warnings));
        using var strict = Scheduler("DDIMScheduler");
        Assert.Empty(strict.Warnings);
    }

    [Fact]
    public void OfInit()
    {
        static void Bad(Status status, string words, InitOptions options, string name = "DDIMScheduler") =>
            Refused(status, words, () => Start(name, options));

        Bad(Status.Steps, "num_steps", new(0, N));
        Bad(Status.Steps, "num_steps", new(-1, N));
        Bad(Status.Steps, "1000", new(1001, N));
        Bad(Status.Steps, "num_steps", new(int.MaxValue, N));
        Bad(Status.Steps, "begin_step", new(10, N) { BeginStep = 10 });
        Bad(Status.Steps, "begin_step", new(10, N) { BeginStep = -1 });
        Bad(Status.Steps, "end_step", new(10, N) { EndStep = -1 });
        Bad(Status.Shape, "elements", new(10, 0));
        Bad(Status.Shape, "elements", new(10, -1));
        Bad(Status.Shape, "elements", new(10, long.MaxValue));
        Bad(Status.Shape, "batch", new(10, N) { Batch = 0 });
        Bad(Status.Shape, "batch", new(10, N) { Batch = long.MinValue });
        Bad(Status.Timesteps, string.Empty, new() { Timesteps = [100, 500], Elements = N }, "DDPMScheduler");
        Bad(Status.Timesteps, string.Empty, new() { Timesteps = [900, double.NaN], Elements = N }, "DDPMScheduler");
        Bad(Status.Timesteps, "empty", new() { Timesteps = [], Elements = N }, "DDPMScheduler");
        Bad(Status.Timesteps, "empty", new() { Sigmas = [], Elements = N }, "EulerDiscreteScheduler");
        Bad(Status.Conflict, "num_steps", new(10, N) { Timesteps = [900, 100] }, "DDPMScheduler");
        Bad(Status.Option, "s_churn", new(10, N) { SChurn = 1 });
        Bad(Status.Value, "eta", new(10, N) { Eta = double.NaN });
        Bad(Status.Value, "eta", new(10, N) { Eta = -1 });
        Bad(Status.Dtype, "float64", new(10, N) { Dtype = Dtype.Float64, Kernel = Kernel.Fused });
        Bad(Status.Dtype, string.Empty, new(10, N) { Dtype = (Dtype)99 });
        Bad(Status.Unsupported, "kernel", new(10, N) { Kernel = (Kernel)99 });
        Bad(Status.Argument, "item_seeds", new(10, N) { Batch = 3, ItemSeeds = [1, 2] });
        Bad(Status.Argument, "item_seeds", new(10, N) { Batch = 3, ItemSeeds = [] });
        using var scheduler = Scheduler("DDIMScheduler");
        Assert.Throws<ArgumentNullException>(() => scheduler.Init(null!));
    }

    [Fact]
    public void OfLoopsWithoutAPlan()
    {
        using var scheduler = new Scheduler("""{"solver": "dpm_adaptive", "parameterization": {"frame": "ve"}}""");
        using var state = scheduler.Init(new InitOptions { Sigmas = [10, 0.1], Elements = N });
        Refused(Status.Unsupported, string.Empty, () => state.Timesteps());
        Refused(Status.Unsupported, string.Empty, () => state.CallAt(0));
        Refused(Status.Unsupported, string.Empty, () => state.Weights(0));
        float[] x = Filled(1), f = Filled(0.5f);
        while (!state.NextCall()!.Value.EndsStep)
        {
            state.StepInPlace(x, f);
        }

        f[2] = float.NaN;
        Refused(Status.NotFinite, "finite", () => state.StepInPlace(x, f));
    }

    /// <summary>
    /// Each is refused, leaves sample, output and state as they were, and the right step then gives what
    /// it always gave.
    /// </summary>
    [Fact]
    public void OfStepsChangeNothing()
    {
        const string Name = "DPMSolverMultistepScheduler";
        float[] x = Filled(0.5f), f = Prediction(x), shorter = new float[N - 1], longer = new float[N + 1];
        var doubles = new double[N];
        (Status Status, string Words, Try Call)[] cases =
        [
            (Status.Shape, "sample", (s, n) => s.Step(shorter, f, n)),
            (Status.Shape, "prediction", (s, n) => s.Step(x, longer, n)),
            (Status.Shape, "prediction", (s, n) => s.Step(x, System.Array.Empty<float>(), n)),
            (Status.Shape, "prediction", (s, n) => s.Step(x, new float[2 * N], n)),
            (Status.Shape, "next", (s, n) => s.Step(x, f, n.AsSpan(0, 3))),
            (Status.Shape, "next", (s, n) => s.Step(x, f, Span<float>.Empty)),
            (Status.Shape, "sample", (s, n) => s.StepInPlace(n.AsSpan(0, 5), f)),
            (Status.Dtype, "sample", (s, n) => s.Step(doubles, f, n)),
            (Status.Dtype, "prediction", (s, n) => s.Step(x, doubles, n)),
            (Status.Dtype, "next", (s, n) => s.Step(x, f, doubles)),
            (Status.Argument, "sample", (s, n) => s.Step(default, f, n)),
            (Status.Argument, "next", (s, n) => s.Step(x, f, default)),
            (Status.Argument, "prediction", (s, n) => s.Step(x, default, n)),
            (Status.Argument, "prediction", (s, n) => s.StepWithoutModel(n)),
            (Status.Argument, "prediction", (s, n) => s.StepWide(new StepArgs(x, n))),
            (Status.Argument, string.Empty, (s, n) => s.StepWide(default)),
            (Status.Option, "noise", (s, n) => s.StepWide(new StepArgs(x, n) { Prediction = f, Noise0 = x })),
            (Status.Option, "noise", (s, n) => s.StepWide(new StepArgs(x, n) { Prediction = f, Noise1 = x })),
            (Status.Value, "guidance_scale", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Unconditional = f, GuidanceScale = double.NaN })),
            (Status.Shape, "unconditional", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Unconditional = shorter, GuidanceScale = 2 })),
            (Status.Shape, "denoised", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Denoised = new float[1] })),
            (Status.Shape, "next_input", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, NextInput = System.Array.Empty<float>() })),
            (Status.Shape, "mask", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Mask = shorter, Original = x })),
            (Status.Shape, "mask", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Mask = System.Array.Empty<float>(), Original = x })),
            (Status.Shape, "original", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, Mask = x, Original = shorter })),
            (Status.Argument, "mask", (s, n) => s.StepWide(new StepArgs(x, n) { Prediction = f, KnownNoise = x })),
            (Status.Option, "group_timesteps", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTimesteps = [1, 2] })),
            (Status.Argument, "group_timesteps", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTimesteps = [1, 2, 3] })),
            (Status.Argument, "group_timesteps", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTimesteps = [] })),
            (Status.Argument, "group_targets", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTimesteps = [1, 2], GroupTargets = [1] })),
            (Status.Argument, "group_targets", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTargets = [] })),
            (Status.Argument, "group_targets", (s, n) => s.StepWide(
                new StepArgs(x, n) { Prediction = f, GroupTargets = [1, 2] })),

            // Tensors that overlap.
            (Status.Overlap, "next", (s, n) => s.Step(x, n, n)),
            (Status.Overlap, string.Empty, (s, n) => s.StepWide(new StepArgs(x, n) { Prediction = f, Denoised = n })),
            (Status.Overlap, string.Empty, (s, n) => s.StepWide(new StepArgs(n) { Prediction = f, Denoised = f })),
            (Status.Overlap, string.Empty, (s, n) =>
            {
                var memory = new float[N + 1];
                s.Step(memory.AsSpan(0, N), f, memory.AsSpan(1, N));
            }),
        ];
        float[] before = new float[N], right = new float[N];
        using var state = Start(Name);
        state.Step(x, f, before);
        var saved = state.Save();
        using var straight = state.Clone();
        straight.Step(x, f, right);
        float[] sameX = [.. x], sameF = [.. f];
        foreach (var (status, words, call) in cases)
        {
            float[] next = [.. before];
            Refused(status, words, () => call(state, next));
            Assert.Equal(saved, state.Save());
            AssertSame(before, next);
        }

        AssertSame(sameX, x);
        AssertSame(sameF, f);
        state.Step(x, f, before);
        AssertSame(right, before);
    }

    [Fact]
    public void ArraysThatAreNotThere()
    {
        using var state = Start("DDIMScheduler");
        float[] none = null!, x = new float[N];
        double[] noDoubles = null!;
        Half[] noHalves = null!;
        Assert.Throws<ArgumentNullException>(() => state.Step(none, x, x));
        Assert.Throws<ArgumentNullException>(() => state.StepInPlace(x, none));
        Assert.Throws<ArgumentNullException>(() => state.InitialNoise(none));
        Assert.Throws<ArgumentNullException>(() => state.InitialNoise(noDoubles));
        Assert.Throws<ArgumentNullException>(() => state.InitialNoise(noHalves));
        Assert.Throws<ArgumentNullException>(() => state.StepWide(new StepArgs(x) { Prediction = x, Mask = none }));
        Assert.Equal(0, state.CallsDone);
    }

    [Fact]
    public unsafe void AddressesThatAreNone()
    {
        using var state = Start("DDIMScheduler");
        var x = new float[N];
        Refused(Status.Argument, "out", () => state.InitialNoise(new Tensor(null, N, Dtype.Float32)));
        Refused(Status.Argument, "sample", () => state.Step(new ReadOnlyTensor(null, N, Dtype.Float32), x, x));
        fixed (float* memory = x)
        {
            var address = (nint)memory;
            Refused(Status.Dtype, "out", () => state.InitialNoise(new Tensor((void*)address, N, (Dtype)99)));
        }

        foreach (var count in new[] { -1, 0, long.MinValue, long.MaxValue })
        {
            fixed (float* memory = x)
            {
                var address = (nint)memory;
                Refused(Status.Shape, string.Empty, () => state.InitialNoise(new Tensor((void*)address, count, Dtype.Float32)));
            }
        }
    }

    [Fact]
    public void OfOtherTensors()
    {
        using var state = Start("DDIMScheduler");
        float[] x = new float[N], three = new float[3], two = new float[2];
        Refused(Status.Shape, "out", () => state.InitialNoise(three));
        Refused(Status.Dtype, "out", () => state.InitialNoise(new double[N]));
        Refused(Status.Shape, "sample", () => state.ScaleInput(three, x));
        Refused(Status.Shape, "out", () => state.ScaleInput(x, three));
        Refused(Status.Shape, string.Empty, () => state.ScaleInputInPlace(three));
        Refused(Status.Overlap, string.Empty, () =>
        {
            var memory = new float[N + 1];
            state.ScaleInput(memory.AsSpan(0, N), memory.AsSpan(1, N));
        });
        Refused(Status.Steps, "99", () => state.AddNoise(99, x, default, x));
        Refused(Status.Steps, string.Empty, () => state.AddNoise(-1, x, default, x));
        Refused(Status.Steps, string.Empty, () => state.AddNoise(long.MaxValue, x, default, x));
        Refused(Status.Shape, "noise", () => state.AddNoise(0, x, two, x));
        Refused(Status.Shape, string.Empty, () => state.AddNoiseInPlace(0, three));
        Refused(Status.Steps, string.Empty, () => state.CallAt(10));
        Refused(Status.Steps, string.Empty, () => state.CallAt(-1));
        Refused(Status.Steps, string.Empty, () => state.Weights(long.MaxValue));
        Refused(Status.Value, string.Empty, () => state.StepForTimestep(0.5));
        Refused(Status.Value, string.Empty, () => state.StepForTimestep(double.NaN));
        Assert.False(state.CallEndsStep(10));
        Assert.False(state.CallEndsStep(-1));
    }

    [Fact]
    public void FinishedLoopsStayFinished()
    {
        using var state = Start("DDIMScheduler");
        var x = Run(state);
        float[] before = [.. x];
        for (var i = 0; i < 3; i++)
        {
            Refused(Status.Finished, string.Empty, () => state.StepInPlace(x, x));
            Refused(Status.Finished, string.Empty, () => state.ScaleInputInPlace(x));
            Assert.Null(state.NextCall());
            Assert.True(state.IsFinished);
        }

        AssertSame(before, x);
        Assert.Equal(10, state.CallsDone);
    }

    [Fact]
    public void OfSavedBytes()
    {
        using State state = Start("DPMSolverMultistepScheduler"), other = Start("DDIMScheduler");
        state.StepInPlace(Filled(0.5f), Filled(0.25f));
        var bytes = state.Save();
        Refused(Status.Damaged, string.Empty, () => state.Load(default));
        Refused(Status.Damaged, string.Empty, () => state.Load([]));
        Refused(Status.Damaged, string.Empty, () => state.Load(new byte[1000]));
        Refused(Status.Mismatch, string.Empty, () => state.Load(other.Save()));
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 0x10;
            Refused(Status.Damaged, string.Empty, () => state.Load(changed));
            Refused(Status.Damaged, string.Empty, () => state.Load(bytes.AsSpan(0, i)));
        }

        Assert.Equal(bytes, state.Save());
    }

    [Fact]
    public void ExceptionsAreNormalOnes()
    {
        var error = new SchedException(Status.Shape, "a sentence");
        Assert.Equal(("a sentence", Status.Shape), (error.Message, error.Status));
        Assert.Equal("SCHED_ERROR_SHAPE", new SchedException(Status.Shape, string.Empty).Message);
        Assert.Contains("a sentence", error.ToString());
    }
}

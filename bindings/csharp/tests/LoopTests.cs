using static Sched.Tests.Support;

namespace Sched.Tests;

/// <summary>Loops: every way in which a state is moved, and what it says of itself.</summary>
public class LoopTests
{
    public static TheoryData<string> EveryClass => Support.EveryClass;

    [Theory]
    [MemberData(nameof(EveryClass))]
    public void InPlaceWideAndApartGiveTheSameBits(string name)
    {
        using State apart = Start(name), inPlace = Start(name), wide = Start(name);
        var x = new float[N];
        apart.InitialNoise(x);
        float[] y = [.. x], z = [.. x];
        while (apart.NextCall() != null)
        {
            var f = Prediction(x);
            var next = new float[N];
            apart.Step(x, f, next);
            inPlace.StepInPlace(y, f);
            wide.StepWide(new StepArgs(z) { Prediction = f });
            AssertSame(next, y);
            AssertSame(next, z);
            x = next;
        }

        Assert.All(x, value => Assert.True(float.IsFinite(value)));
        Assert.True(apart.IsFinished && inPlace.IsFinished && wide.IsFinished);
    }

    [Theory]
    [MemberData(nameof(EveryClass))]
    public void TheCallsAreTheLists(string name)
    {
        using var state = Start(name);
        var times = state.Timesteps();
        Assert.Equal(times.Length, state.NumCalls);
        var calls = Enumerable.Range(0, times.Length).Select(i => state.CallAt(i)).ToArray();
        Assert.Equal(times, calls.Select(call => call.Timestep));
        Assert.Equal(state.NumSteps, calls.Count(call => call.EndsStep));
        Assert.Equal(state.NumSteps, Enumerable.Range(0, calls.Length).Count(i => state.CallEndsStep(i)));
        Assert.Equal(calls[0], state.NextCall());
        Assert.Equal(0, calls[0].Step);
        Assert.Equal(0, calls[0].Stage);
        Assert.True(calls[0].NeedsModel);
        Assert.Equal(state.NumSteps + 1, state.Sigmas().Length);
        var levels = state.Levels();
        Assert.Equal(state.NumSteps + 1, levels.Length);
        var (alpha, sigma) = levels[0];
        Assert.Equal((alpha, sigma), (calls[0].Alpha, calls[0].Sigma));
        Assert.Equal(state.InputScale, calls[0].InputScale);
        Assert.Equal(state.NextDraws, calls[0].Draws);
        Assert.Equal((2, N / 2, N / 2), (state.Batch, state.Elements, state.PredictionElements));
        Assert.True(state.Bytes > 0 && state.CanContinue && state.InitNoiseSigma > 0);
        Assert.NotEqual(Kernel.Default, state.Kernel);
        Assert.Equal(0, state.CallsDone);
        Assert.Equal((0, 0), (state.Attempts.Accepted, state.Attempts.Rejected));
    }

    [Fact]
    public void StepsAreFoundByTime()
    {
        using var state = Start("DDIMScheduler");
        var times = state.Timesteps();
        for (var i = 0; i < times.Length; i++)
        {
            Assert.Equal(i, state.StepForTimestep(times[i]));
        }
    }

    [Fact]
    public void LearnedVariancesDoubleThePrediction()
    {
        using var scheduler = new Scheduler("""{"_class_name": "DDPMScheduler", "variance_type": "learned_range"}""");
        using var state = scheduler.Init(Options());
        Assert.Equal(N, state.PredictionElements);
        var x = Filled(0.5f);
        Refused(Status.Shape, "prediction", () => state.StepInPlace(x, Filled(0.1f)));
        state.StepInPlace(x, Filled(0.1f, 2 * N));
        Assert.Equal(1, state.CallsDone);
    }

    [Fact]
    public void WideStepsGivePreviewsAndInputs()
    {
        using var state = Start("EulerDiscreteScheduler");
        float[] x = new float[N], next = new float[N], preview = new float[N], input = new float[N], scaled = new float[N];
        state.InitialNoise(x);
        var sigma = (float)state.NextCall()!.Value.Sigma;
        var f = Prediction(x);
        state.StepWide(new StepArgs(x, next) { Prediction = f, Denoised = preview, NextInput = input });
        AssertClose([.. x.Zip(f, (x, f) => x - (sigma * f))], preview, 1e-5 * sigma);
        state.ScaleInput(next, scaled);

        // One pass rounds once, two calls round twice.
        AssertClose(scaled, input, 1e-5);
        state.ScaleInputInPlace(next);
        AssertSame(scaled, next);
    }

    [Fact]
    public void GuidanceIsAPrediction()
    {
        using State guided = Start("DDIMScheduler"), plain = Start("DDIMScheduler");
        var x = Filled(0.3f);
        float[] positive = Prediction(x), negative = Filled(0.25f), a = new float[N], b = new float[N];
        guided.StepWide(new StepArgs(x, a) { Prediction = positive, Unconditional = negative, GuidanceScale = 7.5 });
        plain.Step(x, positive.Select(p => 0.25f + (7.5f * (p - 0.25f))).ToArray(), b);
        AssertClose(b, a, 1e-6);
        Assert.Equal(1.0, default(StepArgs).GuidanceScale);
    }

    [Fact]
    public void NoiseOfTheCallersAndNone()
    {
        var x = Filled(0.5f);
        var f = Prediction(x);
        float[] own = new float[N], mean = new float[N], drawn = new float[N];
        using State a = Start("EulerAncestralDiscreteScheduler"), b = a.Clone(), c = a.Clone();
        Assert.Equal(1, a.NextDraws);
        a.StepWide(new StepArgs(x, own) { Prediction = f, Noise0 = new float[N] });
        b.StepWide(new StepArgs(x, mean) { Prediction = f, WithoutNoise = true });
        c.Step(x, f, drawn);
        AssertSame(own, mean);
        Assert.NotEqual(mean, drawn);
    }

    [Fact]
    public void MasksKeepTheOriginal()
    {
        using State state = Start("DDIMScheduler"), plain = Start("DDIMScheduler");
        float[] x = new float[N], y = new float[N], mask = Filled(1);
        mask.AsSpan(N / 2).Clear();
        state.InitialNoise(x);
        plain.InitialNoise(y);
        var f = Prediction(x);
        state.StepWide(new StepArgs(x)
        {
            Prediction = f,
            Mask = mask,
            Original = Filled(0.25f),
            KnownNoise = Filled(0.1f),
        });
        plain.StepInPlace(y, f);
        var level = state.NextCall()!.Value;
        var known = (float)((level.Alpha * 0.25) + (level.Sigma * 0.1f));
        AssertClose(Filled(known, N / 2), x.AsSpan(0, N / 2), 1e-6);
        AssertSame(y[(N / 2)..], x[(N / 2)..]);
    }

    [Fact]
    public void GroupsGoTheirOwnWays()
    {
        // Three tokens of two values for each item.
        using var state = Start("FlowMapEulerDiscreteScheduler", new InitOptions(10, 6) { Batch = 2 });
        double[] times = [1000, 700, 500, 250, 125, 10], targets = [0, 650, 500, 0, 100, 5];
        float[] x = [.. Enumerable.Range(0, 12).Select(i => i / 10f)];
        float[] f = [.. x.Select(x => 1 - (x / 0.7f))];
        var next = new float[12];
        state.StepWide(new StepArgs(x, next) { Prediction = f, GroupTimesteps = times, GroupTargets = targets });
        float[] expected = [.. x.Select((x, i) => (float)(x - ((times[i / 2] - targets[i / 2]) / 1000 * f[i])))];
        AssertClose(expected, next, 1e-6);
    }

    [Theory]
    [MemberData(nameof(EveryClass))]
    public void SavedLoadedAndClonedGoOnToTheSameBits(string name)
    {
        var state = Start(name);
        var x = new float[N];
        state.InitialNoise(x);
        for (var half = state.NumCalls / 2; half > 0; half--)
        {
            state.StepInPlace(x, Prediction(x));
        }

        var bytes = state.Save();
        using State clone = state.Clone(), loaded = Start(name);
        loaded.Load(bytes);
        Assert.Equal(bytes, loaded.Save());
        var straight = Finish(state, x);
        state.Dispose();
        AssertSame(straight, Finish(clone, x));
        AssertSame(straight, Finish(loaded, x));
    }

    [Fact]
    public void WeightsAreTheStep()
    {
        using var state = Start("EulerDiscreteScheduler");
        var weights = state.Weights(0);
        var row = weights.Rows[0];
        Assert.Equal(Output.Next, row.Output);
        Assert.Equal(Clip.None, weights.Clip);
        Assert.Equal(state.Timesteps()[0], weights.Timestep);
        Assert.Equal(state.InputScale, weights.InputScale);
        Assert.Equal(16, weights.Denoised.Count);
        var x = Filled(3);
        var f = Prediction(x);
        var next = new float[N];
        state.Step(x, f, next);
        var sum = (row[Input.Sample] * x[0]) + (row[Input.Prediction] * f[0]);
        AssertClose(Filled((float)sum), next, 1e-6);
        Assert.Throws<IndexOutOfRangeException>(() => row[(Input)16]);

        using var ddpm = Start("DDPMScheduler");
        var clipped = ddpm.Weights(1);
        Assert.Equal((Clip.Range, 1.0, 1), (clipped.Clip, clipped.ClipRange, clipped.Draws));
        Assert.Equal(Gain.None, clipped.Gain);
        Assert.NotEqual(0, clipped.Rows[0][Input.Denoised]);
        Assert.NotEqual(0, clipped.Rows[0][Input.Noise0]);
    }

    [Fact]
    public void NoiseIsAddedAtALevel()
    {
        using var state = Start("DDIMScheduler");
        float[] x = Filled(0.5f), with = new float[N], own = new float[N];
        state.AddNoise(3, x, Filled(0.25f), with);
        var (alpha, sigma) = state.Levels()[3];
        AssertClose(Filled((float)((alpha * 0.5) + (sigma * 0.25))), with, 1e-6);
        state.AddNoise(3, x, default, own);
        state.AddNoiseInPlace(3, x);
        AssertSame(own, x);
        Assert.NotEqual(own, with);
    }

    [Fact]
    public void CallsWithoutAModel()
    {
        using var state = Start("KarrasVeScheduler", new InitOptions(5, N));
        var x = new float[N];
        state.InitialNoise(x);
        var without = 0;
        while (state.NextCall() is { } call)
        {
            if (call.NeedsModel)
            {
                state.StepInPlace(x, Prediction(x));
            }
            else
            {
                state.StepWithoutModel(x);
                without++;
            }
        }

        Assert.True(without > 0);
        Assert.All(x, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void ALoopThatChoosesItsSteps()
    {
        using var scheduler = new Scheduler("""{"solver": "dpm_adaptive", "parameterization": {"frame": "ve"}}""");
        using var state = scheduler.Init(new InitOptions { Sigmas = [10, 0.1], Elements = N });
        Assert.Null(state.NumCalls);
        var x = new float[N];
        state.InitialNoise(x);
        while (state.NextCall() is { } call)
        {
            Assert.Null(call.Step);
            Assert.False(state.IsFinished);

            // Epsilon of data that is 0.5 everywhere.
            state.StepInPlace(x, x.Select(x => (x - 0.5f) / (float)call.Sigma).ToArray());
        }

        Assert.True(state.Attempts.Accepted > 0);
        Assert.True(state.IsFinished);

        // What is left is the last level's noise.
        Assert.All(x, value => Assert.InRange(value, 0, 1));
    }

    [Fact]
    public void EveryDtype()
    {
        using var scheduler = Scheduler("DDIMScheduler");
        State Of(Dtype dtype, Kernel kernel = Kernel.Default) =>
            scheduler.Init(new InitOptions(10, N) { Dtype = dtype, Kernel = kernel });

        var exact = new double[N];
        var doubles = Enumerable.Repeat(0.5, N).ToArray();
        using var reference = Of(Dtype.Float64, Kernel.Reference);
        Assert.Equal(Kernel.Reference, reference.Kernel);
        reference.Step(doubles, doubles, exact);

        var singles = new float[N];
        using var single = Of(Dtype.Float32);
        single.Step(Filled(0.5f), Filled(0.5f), singles);
        Assert.All(singles, value => Assert.Equal(exact[0], value, 1e-7));

        var halves = new Half[N];
        var half = Enumerable.Repeat((Half)0.5f, N).ToArray();
        using var asHalf = Of(Dtype.Float16);
        asHalf.Step(half, (ReadOnlySpan<Half>)half, (Span<Half>)halves);
        Assert.All(halves, value => Assert.Equal(exact[0], (double)value, 5e-4));

        // The bits of the same values.
        ushort[] bits = new ushort[N], input = [.. half.Select(BitConverter.HalfToUInt16Bits)];
        using var asBits = Of(Dtype.Float16);
        asBits.Step(ReadOnlyTensor.Float16(input), ReadOnlyTensor.Float16(input), Tensor.Float16(bits));
        Assert.Equal(halves, bits.Select(BitConverter.UInt16BitsToHalf));

        ushort[] brains = new ushort[N], brain = [.. Enumerable.Repeat((ushort)0x3f00, N)];
        using var asBrain = Of(Dtype.BFloat16);
        asBrain.Step(ReadOnlyTensor.BFloat16(brain), ReadOnlyTensor.BFloat16(brain), Tensor.BFloat16(brains));
        Assert.All(brains, value => Assert.Equal(exact[0], BitConverter.Int32BitsToSingle(value << 16), 4e-3));
    }

    [Fact]
    public void SeedsBelongToItems()
    {
        static float[] Noise(InitOptions options, int count)
        {
            using var state = Start("DDIMScheduler", options);
            var x = new float[count];
            state.InitialNoise(x);
            return x;
        }

        var both = Noise(new InitOptions(5, 8) { Batch = 2, ItemSeeds = [7, 3] }, 16);
        AssertSame(Noise(new InitOptions(5, 8) { Seed = 7 }, 8), both[..8]);
        AssertSame(Noise(new InitOptions(5, 8) { Seed = 3 }, 8), both[8..]);
    }

    [Fact]
    public void NanStaysWhereItIs()
    {
        using var state = Start("DPMSolverMultistepScheduler");
        var x = Filled(0.5f);
        var f = Prediction(x);
        f[3] = float.NaN;
        state.StepInPlace(x, f);
        Assert.True(float.IsNaN(x[3]));
        Assert.Single(x, float.IsNaN);
    }

    [Fact]
    public void CustomListsAndParts()
    {
        const string Name = "EulerDiscreteScheduler";
        double[] sigmas = [14, 5, 1, 0], times = [900, 500, 100];
        using var bySigma = Start(Name, new InitOptions { Sigmas = sigmas, Elements = 4 });
        Assert.Equal(sigmas, bySigma.Sigmas());
        using var byTime = Start(Name, new InitOptions { Timesteps = times, Elements = 4 });
        Assert.Equal(times, byTime.Timesteps());
        using var part = Start(Name, new InitOptions(10, 4) { BeginStep = 3, EndStep = 7 });
        Assert.Equal(4, part.NumSteps);
        using var late = Start(Name, new InitOptions(10, 4) { Strength = 0.3 });
        Assert.Equal(3, late.NumSteps);
    }

    /// <summary>Each is taken by a method that has it; one that lacks it refuses it by name.</summary>
    [Fact]
    public void EveryOptionOfInitArrives()
    {
        (string Option, string Name, InitOptions Options)[] cases =
        [
            ("eta", "DDIMScheduler", new(10, 4) { Eta = 0.5 }),
            ("use_clipped_model_output", "DDIMScheduler", new(10, 4) { UseClippedModelOutput = true }),
            ("s_churn", "EulerDiscreteScheduler", new(10, 4) { SChurn = 1 }),
            ("s_tmin", "EulerDiscreteScheduler", new(10, 4) { STmin = 0.1 }),
            ("s_tmax", "EulerDiscreteScheduler", new(10, 4) { STmax = 10 }),
            ("s_noise", "EulerDiscreteScheduler", new(10, 4) { SNoise = 1.01 }),
            ("order", "LMSDiscreteScheduler", new(10, 4) { Order = 2 }),
            ("original_inference_steps", "LCMScheduler", new(4, 4) { OriginalInferenceSteps = 40 }),
            ("num_train_timesteps", "HeunDiscreteScheduler", new(10, 4) { NumTrainTimesteps = 900 }),
            ("jump_length", "RePaintScheduler", new(20, 4) { JumpLength = 5 }),
            ("jump_n_sample", "RePaintScheduler", new(20, 4) { JumpNSample = 2 }),
            ("max_timesteps", "SCMScheduler", new(2, 4) { MaxTimesteps = 1.5 }),
            ("intermediate_timesteps", "SCMScheduler", new(2, 4) { IntermediateTimesteps = 1.2 }),
        ];
        foreach (var (option, name, options) in cases)
        {
            using var state = Start(name, options);
            Assert.True(state.NumSteps > 0);
            Refused(Status.Option, option, () => Start("FlowMatchLCMScheduler", options));
        }

        using var flow = new Scheduler("""{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}""");
        using var shifted = flow.Init(new InitOptions(10, 4) { Mu = 0.8 });
        Refused(Status.Conflict, "mu", () => flow.Init(new InitOptions(10, 4)));
        var chunk = new InitOptions(4, 4) { IsAmplifyFirstChunk = true };
        Refused(Status.Option, "is_amplify_first_chunk", () => Start("DDIMScheduler", chunk));
        Refused(Status.Conflict, "stage_index", () => Start("HeliosDMDScheduler", chunk));
        chunk.StageIndex = 0;
        using var amplified = Start("HeliosDMDScheduler", chunk);
        chunk.IsAmplifyFirstChunk = false;
        using var plain = Start("HeliosDMDScheduler", chunk);
        Assert.True(amplified.NumSteps > plain.NumSteps);
    }

    /// <summary>What torch.manual_seed(0); torch.randn(12) begins with.</summary>
    [Fact]
    public void TorchDrawsTheFirstSample()
    {
        var options = new InitOptions(10, 12) { Generator = Generator.TorchCpu, DrawPolicy = DrawPolicy.Diffusers };
        using var state = Start("DDPMScheduler", options);
        var x = new float[12];
        state.InitialNoise(x);
        Assert.Equal([1.5409961f, -0.2934289f, -2.1787894f, 0.56843126f], x[..4]);
    }

    [Fact]
    public void NoiseIsHandedInWhereThereIsNoGenerator()
    {
        using var state = Start("DDPMScheduler", new InitOptions(10, 12) { Generator = Generator.Caller });
        var x = new float[12];
        Refused(Status.Argument, "noise[0]", () => state.StepInPlace(x, new float[12]));
    }

    [Fact]
    public void OptionsOfTheNoiseArrive()
    {
        static void RefusedFor(Status status, string words, Action<InitOptions> set)
        {
            var options = new InitOptions(10, 12) { Batch = 2 };
            set(options);
            Refused(status, words, () => Start("DDPMScheduler", options));
        }

        RefusedFor(Status.Unsupported, "k_diffusion", o => o.DrawPolicy = DrawPolicy.KDiffusion);
        RefusedFor(Status.Unsupported, "noise_dtype is float64", o => o.NoiseDtype = Dtype.Float64);
        RefusedFor(Status.Value, "extra_draws is -7", o => o.ExtraDraws = -7);
        RefusedFor(Status.Value, "first_sample_draw is -3", o => o.FirstSampleDraw = -3);
        RefusedFor(Status.Value, "cuda_multiprocessors is 5000", o =>
        {
            o.Generator = Generator.TorchCuda;
            o.CudaMultiprocessors = 5000;
        });
        RefusedFor(Status.Value, "cuda_threads_per_multiprocessor is 300", o =>
        {
            o.Generator = Generator.TorchCuda;
            (o.CudaMultiprocessors, o.CudaThreadsPerMultiprocessor) = (1, 300);
        });
        RefusedFor(Status.Shape, "whole_batch is 1", o => o.WholeBatch = 1);
        RefusedFor(Status.Shape, "whole_elements is 3", o => o.WholeElements = 3);
        RefusedFor(Status.Shape, "first_item is 7", o => o.FirstItem = 7);
        RefusedFor(Status.Shape, "first_element is 9", o => o.FirstElement = 9);
    }

    [Fact]
    public void CardsHaveNames()
    {
        Assert.Contains("A100", InitOptions.CudaCards);
        foreach (var card in InitOptions.CudaCards)
        {
            var options = new InitOptions(10, 12) { Generator = Generator.TorchCuda };
            options.UseCudaCard(card);
            using var state = Start("DDPMScheduler", options);
        }

        Refused(Status.Value, "Abacus", () => new InitOptions().UseCudaCard("Abacus"));
        Assert.Throws<ArgumentException>(() => new InitOptions().UseCudaCard("A\0"));
    }
}

namespace Sched.Tests;

/// <summary>What the tests share.</summary>
internal static class Support
{
    /// <summary>Values of a sample: two items of ten.</summary>
    internal const int N = 20;

    /// <summary>Methods of every sort: without history and with, deterministic and not, of two stages.</summary>
    internal static readonly string[] Classes =
    [
        "DDIMScheduler",
        "DDPMScheduler",
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
        "DPMSolverMultistepScheduler",
        "UniPCMultistepScheduler",
        "HeunDiscreteScheduler",
        "PNDMScheduler",
        "FlowMatchEulerDiscreteScheduler",
    ];

    public static TheoryData<string> EveryClass => [.. Classes];

    internal static Scheduler Scheduler(string name) => new($$"""{"_class_name": "{{name}}"}""");

    /// <summary>Ten steps of two items.</summary>
    internal static InitOptions Options() => new(10, N / 2) { Batch = 2, Seed = 42 };

    internal static State Start(string name) => Start(name, Options());

    internal static State Start(string name, InitOptions options)
    {
        using var scheduler = Scheduler(name);
        return scheduler.Init(options);
    }

    internal static float[] Filled(float value, int count = N)
    {
        var values = new float[count];
        System.Array.Fill(values, value);
        return values;
    }

    /// <summary>A model that depends on the sample.</summary>
    internal static float[] Prediction(float[] x) => [.. x.Select(x => MathF.Sin(0.3f * x))];

    /// <summary>Runs what is left of a loop.</summary>
    internal static float[] Finish(State state, float[] x)
    {
        x = [.. x];
        while (state.NextCall() != null)
        {
            state.StepInPlace(x, Prediction(x));
        }

        return x;
    }

    internal static float[] Run(State state)
    {
        var x = new float[N];
        state.InitialNoise(x);
        return Finish(state, x);
    }

    /// <summary>Bit for bit, NaN too.</summary>
    internal static void AssertSame(float[] expected, float[] values) =>
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), values.Select(BitConverter.SingleToUInt32Bits));

    internal static void AssertClose(float[] expected, ReadOnlySpan<float> values, double allowed)
    {
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var off = Math.Abs(expected[i] - values[i]) / Math.Max(1, Math.Abs(expected[i]));
            Assert.True(off < allowed, $"value {i} is {values[i]}, not {expected[i]}");
        }
    }

    /// <summary>The library refuses, and says why.</summary>
    internal static void Refused(Status status, string words, Action call)
    {
        var error = Assert.Throws<SchedException>(call);
        Assert.Equal(status, error.Status);
        Assert.Contains(words, error.Message);
        Assert.NotEmpty(error.Message);
    }
}

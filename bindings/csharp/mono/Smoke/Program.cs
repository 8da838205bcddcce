// The assembly of netstandard2.1 on another runtime: the loop of the README, a wide step, errors, and
// what is closed.  Prints the loop's end; the exit code is 0 where the rest holds.

using System;
using System.Globalization;
using Sched;

internal static class Program
{
    private static int Main()
    {
        Console.WriteLine(Loop());
        Wide();
        Errors();
        Closed();
        return 0;
    }

    private static string Loop()
    {
        using var scheduler = new Scheduler(
            "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"use_karras_sigmas\": true}");
        using var state = scheduler.Init(new InitOptions(20, 4) { Seed = 7 });
        float[] sample = new float[4], noise = new float[4];
        state.InitialNoise(sample);
        foreach (var (alpha, sigma) in state.Levels().AsSpan(0, 20))
        {
            for (var k = 0; k < 4; k++)
            {
                noise[k] = (float)((sample[k] - (sample[k] < 0 ? -alpha : alpha)) / sigma);
            }

            state.StepInPlace(sample, noise);
        }

        var texts = Array.ConvertAll(sample, x => ((double)x).ToString("F9", CultureInfo.InvariantCulture));
        return string.Join(" ", texts);
    }

    private static void Wide()
    {
        using var scheduler = new Scheduler("{\"_class_name\": \"DDIMScheduler\"}");
        using var state = scheduler.Init(new InitOptions(10, 4));
        using var other = state.Clone();
        Span<float> x = stackalloc float[] { 0.1f, 0.2f, 0.3f, 0.4f };
        float[] y = x.ToArray(), f = { 0.4f, 0.3f, 0.2f, 0.1f }, preview = new float[4];
        state.StepWide(new StepArgs(x)
        {
            Prediction = f,
            Unconditional = f,
            GuidanceScale = 7.5,
            Denoised = preview,
        });
        other.StepInPlace(y, f);
        for (var k = 0; k < 4; k++)
        {
            Check(Math.Abs(x[k] - y[k]) < 1e-6 && preview[k] != 0, "guidance by the prediction itself changes nothing");
        }

        other.Load(state.Save());
        Check(other.CallsDone == 1 && state.NextCall() is { Step: 1 }, "both are at the second call");
        Check(state.Weights(0).Rows[0][Input.Denoised] > 0, "weights are read");
    }

    private static void Errors()
    {
        const string Key = "couleur \U0001F3A8";
        var error = Refused(Status.UnknownKey, () =>
            new Scheduler("{\"_class_name\": \"DDIMScheduler\", \"" + Key + "\": 1}").Dispose());
        Check(error.Message.Contains(Key), "the sentence is UTF-8");
        using var scheduler = new Scheduler("{\"_class_name\": \"DDIMScheduler\"}");
        using var state = scheduler.Init(new InitOptions(10, 4));
        Refused(Status.Shape, () => state.StepInPlace(new float[4], new float[3]));
        Refused(Status.Damaged, () => state.Load(new byte[100]));
        Refused(Status.Timesteps, () => scheduler.Init(new InitOptions { Timesteps = new double[0], Elements = 4 }));
    }

    private static void Closed()
    {
        using var scheduler = new Scheduler("{\"_class_name\": \"DDIMScheduler\"}");
        var state = scheduler.Init(new InitOptions(10, 4));
        state.Dispose();
        state.Dispose();
        try
        {
            state.InitialNoise(new float[4]);
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        Check(false, "what is closed is refused");
    }

    private static SchedException Refused(Status status, Action call)
    {
        try
        {
            call();
        }
        catch (SchedException error)
        {
            Check(error.Status == status && error.Message.Length > 0, status + ", not " + error.Status);
            return error;
        }

        throw new InvalidOperationException("nothing is refused");
    }

    private static void Check(bool isRight, string sentence)
    {
        if (!isRight)
        {
            throw new InvalidOperationException(sentence);
        }
    }
}

using System.Runtime.InteropServices;
using Sched;

namespace Replay;

/// <summary>
/// Replays recorded loops. Teacher-forced: each step is given the recorded sample, so that one step's
/// error is measured at each step; only the library's own memory rows carry over.
/// </summary>
internal sealed class Replayer
{
    /// <summary>Of max(1, max|recorded|), in float32.</summary>
    private const double Tolerance = 2e-6;

    /// <summary>Grids are float64 on both sides; this allows for another order of operations.</summary>
    private const double GridTolerance = 1e-9;

    /// <summary>Options of init by the names that the files have for them.</summary>
    private static readonly Dictionary<string, Action<InitOptions, double>> SetOption = new()
    {
        ["num_inference_steps"] = (o, x) => o.NumSteps = (int)x,
        ["strength"] = (o, x) => o.Strength = x,
        ["mu"] = (o, x) => o.Mu = x,
        ["eta"] = (o, x) => o.Eta = x,
        ["s_churn"] = (o, x) => o.SChurn = x,
        ["s_tmin"] = (o, x) => o.STmin = x,
        ["s_tmax"] = (o, x) => o.STmax = x,
        ["s_noise"] = (o, x) => o.SNoise = x,
        ["max_timesteps"] = (o, x) => o.MaxTimesteps = x,
        ["intermediate_timesteps"] = (o, x) => o.IntermediateTimesteps = x,
        ["order"] = (o, x) => o.Order = (int)x,
        ["original_inference_steps"] = (o, x) => o.OriginalInferenceSteps = (int)x,
        ["num_train_timesteps"] = (o, x) => o.NumTrainTimesteps = (int)x,
        ["jump_length"] = (o, x) => o.JumpLength = (int)x,
        ["jump_n_sample"] = (o, x) => o.JumpNSample = (int)x,
        ["use_clipped_model_output"] = (o, x) => o.UseClippedModelOutput = x != 0,
    };

    /// <summary>
    /// FNV-1a of the bits that every call gave, one after the other: the same in each language.
    /// </summary>
    internal ulong Bits { get; private set; } = 0xcbf29ce484222325;

    internal static bool IsOption(string name) => SetOption.ContainsKey(name);

    /// <summary>
    /// The largest error of a loop, of <c>next</c> and of the scaled input; throws where it goes wrong.
    /// </summary>
    internal double Run(RecordedLoop recorded)
    {
        using var state = Start(recorded);
        CheckGrid(state, recorded);
        var next = new float[recorded.Batch * recorded.Elements];
        var largest = 0.0;
        for (var i = 0; i < recorded.Calls.Count; i++)
        {
            largest = Math.Max(largest, RunCall(state, recorded, i, next));
            Hash(next);
        }

        Check(!recorded.IsWhole || state.IsFinished, "not finished after the calls of the file");
        return largest;
    }

    private static State Start(RecordedLoop recorded)
    {
        var options = new InitOptions
        {
            Batch = recorded.Batch,
            Elements = recorded.Elements,
            Timesteps = recorded.CustomTimesteps,
            Sigmas = recorded.CustomSigmas,
        };
        foreach (var (name, value) in recorded.Options)
        {
            SetOption[name](options, value);
        }

        using var scheduler = new Scheduler(recorded.Config);
        return scheduler.Init(options);
    }

    private static void CheckGrid(State state, RecordedLoop recorded)
    {
        if (recorded.InitNoiseSigma is { } sigma)
        {
            var ours = state.InitNoiseSigma;
            Check(Math.Abs(ours - sigma) <= GridTolerance * Math.Abs(sigma), $"init noise sigma {ours}, not {sigma}");
        }

        if (state.NumCalls is not { } calls)
        {
            return;
        }

        var file = recorded.Calls.Count;
        Check(recorded.IsWhole ? calls == file : calls >= file, $"{calls} model calls, the file has {file}");
        if (recorded.Timesteps is { } times)
        {
            foreach (var (ours, time) in state.Timesteps().Zip(times))
            {
                Check(IsNear(ours, time), $"timestep {ours}, the file has {time}");
            }
        }
    }

    private static double RunCall(State state, RecordedLoop recorded, int index, float[] next)
    {
        var call = recorded.Calls[index];
        var sample = call.Sample is { } given ? Floats(given) : [.. next];
        if (call.Sigma is { } sigma)
        {
            var ours = state.NextCall()?.Sigma ?? double.NaN;

            // An adaptive loop's levels depend on the tensors, and so on their type.
            var allowed = state.NumCalls != null ? GridTolerance : Tolerance;
            Check(Math.Abs(ours - sigma) <= allowed * Math.Max(1, sigma), $"call {index}: sigma {ours}, not {sigma}");
        }

        var error = 0.0;
        if (call.Scaled is { } scaled)
        {
            state.ScaleInput(sample, next);
            error = RelativeError(next, scaled);
        }

        var denoised = call.Denoised is { } preview ? new float[preview.Length] : null;
        var allowedDenoised = call.Denoised != null ? Math.Max(Tolerance, RoundingOfDenoised(state, index, call)) : 0;
        StepWide(state, recorded, index, sample, next, denoised);
        if (call.Next is { } recordedNext)
        {
            error = Math.Max(error, RelativeError(next, recordedNext));
        }

        Check(error <= Tolerance, $"call {index}: is off by {error:e3}");
        if (denoised != null)
        {
            var off = RelativeError(denoised, call.Denoised!);
            Check(off <= allowedDenoised, $"call {index}: denoised is off by {off:e3}");
        }

        return error;
    }

    private static void StepWide(
        State state, RecordedLoop recorded, int index, float[] sample, float[] next, float[]? denoised)
    {
        var call = recorded.Calls[index];
        var draws = state.NextDraws;
        Check(
            call.Noise.Count == draws || (recorded.SpareDraws && draws == 0),
            $"call {index}: {draws} draws, the file has {call.Noise.Count}");
        var args = new StepArgs(sample, next);
        if (call.Prediction is { } prediction)
        {
            args.Prediction = Floats(prediction);
            if (recorded.Mask is { } mask && recorded.Original is { } original)
            {
                args.Mask = Floats(mask);
                args.Original = Floats(original);
            }
        }

        if (draws > 0)
        {
            args.Noise0 = Floats(call.Noise[0]);
        }

        if (draws > 1)
        {
            args.Noise1 = Floats(call.Noise[1]);
        }

        if (denoised != null)
        {
            args.Denoised = denoised;
        }

        if (call.GroupTimesteps is { } times)
        {
            args.GroupTimesteps = times;
        }

        state.StepWide(args);
    }

    /// <summary>
    /// What storing the inputs in float32 alone can do to x0, relative to max(1, max|x0|). Near pure
    /// noise x0 = (x - sigma f) / alpha divides by a small alpha.
    /// </summary>
    private static double RoundingOfDenoised(State state, int index, RecordedCall call)
    {
        if (state.NumCalls == null)
        {
            return 0;
        }

        var weights = state.Weights(index).Denoised;
        var moved = (Math.Abs(weights[(int)Input.Sample]) * LargestOf(call.Sample))
            + (Math.Abs(weights[(int)Input.Prediction]) * LargestOf(call.Prediction));
        return Math.Pow(2, -24) * moved / Math.Max(1, LargestOf(call.Denoised));
    }

    /// <summary>
    /// Largest difference, relative to max(1, max|recorded|). Infinite for anything not finite.
    /// </summary>
    private static double RelativeError(float[] values, double[] recorded)
    {
        var largest = 0.0;
        for (var i = 0; i < recorded.Length; i++)
        {
            var difference = Math.Abs(values[i] - recorded[i]);
            if (!double.IsFinite(difference))
            {
                return double.PositiveInfinity;
            }

            largest = Math.Max(largest, difference);
        }

        return largest / Math.Max(1, LargestOf(recorded));
    }

    private static bool IsNear(double value, double recorded) =>
        value == recorded || Math.Abs(value - recorded) <= GridTolerance * Math.Max(1, Math.Abs(recorded));

    private static double LargestOf(double[]? values) => values?.Max(Math.Abs) ?? 0;

    private static float[] Floats(double[] values) => [.. values.Select(x => (float)x)];

    private static void Check(bool isRight, string sentence)
    {
        if (!isRight)
        {
            throw new InvalidDataException(sentence);
        }
    }

    private void Hash(float[] values)
    {
        foreach (var value in MemoryMarshal.AsBytes(values.AsSpan()))
        {
            Bits = (Bits ^ value) * 0x100000001b3;
        }
    }
}

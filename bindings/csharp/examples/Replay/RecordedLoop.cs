using System.Text.Json;
using System.Text.Json.Nodes;

namespace Replay;

/// <summary>One model call of a recorded loop.</summary>
internal sealed class RecordedCall
{
    /// <summary>Null: what the call before gave.</summary>
    internal double[]? Sample { get; set; }

    /// <summary>Null where no model was asked; twice as many values where the variance is learned.</summary>
    internal double[]? Prediction { get; set; }

    internal double[]? GroupTimesteps { get; set; }

    internal List<double[]> Noise { get; } = [];

    internal double[]? Next { get; set; }

    /// <summary>Level of the sample, for samplers in sigma space.</summary>
    internal double? Sigma { get; set; }

    /// <summary>The sample as the model saw it.</summary>
    internal double[]? Scaled { get; set; }

    internal double[]? Denoised { get; set; }
}

/// <summary>
/// A recorded denoising loop of another implementation. A file with <c>final</c> records a k-diffusion
/// sampler, which calls the model itself: what the model was given and gave back. Another records a
/// diffusers scheduler: what its step returned at each call.
/// </summary>
internal sealed class RecordedLoop
{
    private readonly Safetensors file;

    internal RecordedLoop(string path)
    {
        file = new Safetensors(path);
        var init = file.Tensor("init");
        Batch = (int)init.Shape[0];
        Elements = init.Values.Length / Batch;
        Calls = [.. Enumerable.Range(0, (int)file.Tensor("pred").Shape[0]).Select(_ => new RecordedCall())];
        if (file.Has("final"))
        {
            ReadSampler();
        }
        else
        {
            ReadDiffusers();
        }
    }

    internal string Method { get; private set; } = string.Empty;

    internal string Config { get; private set; } = string.Empty;

    internal int Batch { get; }

    internal int Elements { get; }

    /// <summary>Options of init by name: numbers, and flags as 0 and 1.</summary>
    internal Dictionary<string, double> Options { get; } = [];

    internal double[]? CustomTimesteps { get; private set; }

    internal double[]? CustomSigmas { get; private set; }

    internal List<RecordedCall> Calls { get; private set; }

    /// <summary>False: the file stops before the loop ends.</summary>
    internal bool IsWhole { get; private set; } = true;

    internal double[]? Mask { get; private set; }

    internal double[]? Original { get; private set; }

    /// <summary>One for each call.</summary>
    internal double[]? Timesteps { get; private set; }

    internal double? InitNoiseSigma { get; private set; }

    /// <summary>Samplers that draw before they know whether they churn leave draws that no formula uses.</summary>
    internal bool SpareDraws { get; private set; }

    private int Size => Batch * Elements;

    /// <summary>Sets an option of init; false where init has none of that name.</summary>
    private bool ReadArgument(string key, JsonElement value)
    {
        switch (key)
        {
            case "timesteps":
                CustomTimesteps = Numbers(value);
                return true;
            case "sigmas":
                CustomSigmas = Numbers(value);
                return true;

            // SCM's null asks for even spacing.
            case "intermediate_timesteps" when value.ValueKind == JsonValueKind.Null:
                Options[key] = 0;
                return true;
            case "use_clipped_model_output" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                Options[key] = value.GetBoolean() ? 1 : 0;
                return true;
            case var _ when value.ValueKind == JsonValueKind.Number && Replayer.IsOption(key):
                Options[key] = value.GetDouble();
                return true;
            default:
                return false;
        }
    }

    private void ReadArguments(string what)
    {
        foreach (var argument in file.JsonMetadata(what).EnumerateObject())
        {
            if (!ReadArgument(argument.Name, argument.Value))
            {
                throw new InvalidDataException($"unsupported {what}: {argument.Name}");
            }
        }
    }

    private void SetRows(string name, int size, Action<RecordedCall, double[]> set)
    {
        foreach (var (call, row) in Calls.Zip(file.Rows(name, Calls.Count, size)))
        {
            set(call, row);
        }
    }

    /// <summary>
    /// Gives each call its draws. The first call's have the number <paramref name="offset"/>; earlier
    /// ones went into the recorded first sample.
    /// </summary>
    private void ReadNoise(int offset)
    {
        if (file.Values("noise_step") is not { Length: > 0 } steps)
        {
            return;
        }

        foreach (var (step, row) in steps.Zip(file.Rows("noise", steps.Length, Size)))
        {
            if (step >= offset)
            {
                Calls[(int)step - offset].Noise.Add(row);
            }
        }
    }

    // ------------------------------------------------------------------ diffusers

    private void ReadDiffusers()
    {
        Method = file.Metadata("class");
        Config = file.Metadata("config");
        ReadArguments("set_timesteps");
        ReadArguments("step");

        // A recorded list goes before a number of steps; the library takes only one of them.
        if (CustomTimesteps != null || CustomSigmas != null)
        {
            Options.Remove("num_inference_steps");
        }

        var (predictionSize, isGrouped) = ReadOptions();
        SetRows("pred", predictionSize, (call, row) => call.Prediction = row);
        SetRows("out", Size, (call, row) => call.Next = row);
        if (file.Has("scaled"))
        {
            SetRows("scaled", Size, (call, row) => call.Scaled = row);
        }

        if (file.Has("x0"))
        {
            SetRows("x0", Size, (call, row) => call.Denoised = row);
        }

        if (isGrouped)
        {
            var times = file.Tensor("token_timesteps").Values.Length / Calls.Count;
            SetRows("token_timesteps", times, (call, row) => call.GroupTimesteps = row);
        }

        Calls[0].Sample = file.Values("init");
        for (var i = 1; i < Calls.Count; i++)
        {
            Calls[i].Sample = Calls[i - 1].Next;
        }

        ReadNoise(0);
        var rows = Calls.Count;
        SplitOperations();
        Mask = file.Values("mask");
        Original = file.Values("original");

        // A split row has no time for each of its calls.
        Timesteps = Calls.Count == rows ? file.Values("timesteps") : null;
        InitNoiseSigma = file.JsonMetadata("init_noise_sigma").GetDouble();
    }

    private (int PredictionSize, bool IsGrouped) ReadOptions()
    {
        var (size, isGrouped) = (Size, false);
        foreach (var option in file.JsonMetadata("options").EnumerateObject())
        {
            switch (option.Name)
            {
                case "learned":
                    size *= option.Value.GetBoolean() ? 2 : 1;
                    break;
                case "kind":
                    isGrouped = option.Value.GetString() == "per_token";
                    break;
                case "first":
                    IsWhole = false;
                    break;
                case "mu" when ReadArgument("mu", option.Value):
                    break;
                default:
                    throw new InvalidDataException($"unsupported options: {option.Name} {option.Value}");
            }
        }

        return (size, isGrouped);
    }

    /// <summary>
    /// Rows without a model call (1 undo, 3 churn) lose their empty prediction; a row with many draws is
    /// as many calls, each on what the one before gave.
    /// </summary>
    private void SplitOperations()
    {
        if (file.Values("op") is not { } operations)
        {
            return;
        }

        var calls = new List<RecordedCall>();
        foreach (var (row, operation) in Calls.Zip(operations))
        {
            if (operation is not (1 or 3))
            {
                calls.Add(row);
                continue;
            }

            for (var k = 0; k < row.Noise.Count; k++)
            {
                var call = new RecordedCall
                {
                    Sample = k == 0 ? row.Sample : null,
                    Next = k + 1 == row.Noise.Count ? row.Next : null,
                };
                call.Noise.Add(row.Noise[k]);
                calls.Add(call);
            }
        }

        Calls = calls;
    }

    // ---------------------------------------------------------------- k-diffusion

    private void ReadSampler()
    {
        Method = file.Metadata("sampler");
        Compose();
        CustomSigmas = file.Values("sigmas");
        SetRows("in", Size, (call, row) => call.Sample = row);
        SetRows("pred", Size, (call, row) => call.Prediction = row);
        SetRows("sigma", 1, (call, row) => call.Sigma = row[0]);
        for (var i = 1; i < Calls.Count; i++)
        {
            Calls[i - 1].Next = Calls[i].Sample;
        }

        Calls[^1].Next = file.Values("final");

        // noise_step counts the calls made before the draw, and a step's own call comes first.
        ReadNoise(1);
    }

    /// <summary>
    /// The sampler in our own composition. Arguments that init does not have belong to the solver.
    /// </summary>
    private void Compose()
    {
        var name = Method.StartsWith("sample_", StringComparison.Ordinal) ? Method["sample_".Length..] : Method;
        var solver = new JsonObject { ["name"] = name };
        foreach (var argument in file.JsonMetadata("kwargs").EnumerateObject())
        {
            var isOfSolver = argument.Name == "order" && name != "lms";
            if (isOfSolver || !ReadArgument(argument.Name, argument.Value))
            {
                // Our name for a sampler's own argument, where it differs.
                var key = argument.Name switch
                {
                    "solver_type" => "type",
                    "n" => "calls",
                    "max_order" => "order",
                    var same => same,
                };
                solver[key] = JsonNode.Parse(argument.Value.GetRawText());
            }
        }

        var frame = file.HasMetadata("model") ? file.Metadata("model") : "ve";
        var config = new JsonObject
        {
            ["solver"] = solver,
            ["parameterization"] = new JsonObject { ["prediction"] = "sample", ["frame"] = frame },
        };
        if (frame == "flow")
        {
            config["schedule"] = "flow";
        }

        Config = config.ToJsonString();
        SpareDraws = name is "euler" or "heun" or "dpm_2" or "heunpp2" or "dpm_adaptive" or "dpm_fast"
            || (Options.TryGetValue("eta", out var eta) && eta == 0)
            || file.HasMetadata("unused_draws");
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetDouble())];
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Sched.Tests.Support;

namespace Sched.Tests;

/// <summary>
/// Vulkan: a device of the library's own, its states, and steps recorded into command buffers that this
/// test makes on the context's device. Where there is no device, or no Vulkan in the library, that must
/// be what every function says.
/// </summary>
public class VulkanTests
{
    private static int locks;
    private static int unlocks;

    [Fact]
    public void BuildsWithoutVulkanSaySo()
    {
        if (!Library.IsAvailable(Kernel.Vulkan))
        {
            Refused(Status.Unsupported, string.Empty, () => _ = Vulkan.Devices);
            Assert.Null(Context());
        }
    }

    [Fact]
    public void DevicesAreListedAndChosen()
    {
        if (Context() is not { } context)
        {
            return;
        }

        context.Dispose();
        var device = Vulkan.Devices.First(device => device.IsSuitable);
        Assert.NotEqual(0u, device.ApiVersion);
        using var byIndex = new Vulkan(new VulkanOptions { DeviceIndex = device.Index });
        Assert.Equal(device.Name, byIndex.Info.Name);
        var part = device.Name.ToLowerInvariant()[..4];
        using var byName = new Vulkan(new VulkanOptions { DeviceName = part });
        Assert.Contains(part, byName.Info.Name.ToLowerInvariant());
        using var limited = new Vulkan(new VulkanOptions { Limits = new VulkanLimits { MaxBuffers = 4 } });
        Assert.Equal(4u, limited.Info.MaxBuffers);
        Assert.False(limited.Info.IsLost);

        static void Bad(Status status, VulkanOptions options) =>
            Refused(status, string.Empty, () => new Vulkan(options));

        Bad(Status.Unsupported, new VulkanOptions { DeviceIndex = 99 });
        Bad(Status.Value, new VulkanOptions { DeviceIndex = -2 });
        Bad(Status.Unsupported, new VulkanOptions { DeviceName = "no such device" });
        Bad(Status.Unsupported, new VulkanOptions { DeviceExtensions = ["VK_NO_such"] });
        Bad(Status.Value, new VulkanOptions { Limits = new VulkanLimits { MaxBuffers = 3 } });
        Assert.Throws<ArgumentException>(() => new Vulkan(new VulkanOptions { DeviceName = "a\0b" }));
        Assert.Throws<ArgumentException>(() => new Vulkan(new VulkanOptions { DeviceExtensions = [null!] }));
    }

    [Fact]
    public void TheCacheIsKeptByTheApplication()
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var vulkan = context;
        var bytes = vulkan.Cache();
        using var fresh = Context()!;
        var changed = (byte[])bytes.Clone();
        changed[^1] ^= 1;
        Refused(Status.Damaged, "cache", () => fresh.SetCache(changed));
        Refused(Status.Damaged, "cache", () => fresh.SetCache([]));
        fresh.SetCache(bytes);
        Refused(Status.Conflict, "cache", () => vulkan.SetCache(bytes));
    }

    [Fact]
    public void StatesRunOnTheDevice()
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var vulkan = context;
        foreach (var name in Classes)
        {
            using State ours = Start(name), theirs = Start(name, On(vulkan));
            Assert.Equal(Kernel.Vulkan, theirs.Kernel);
            float[] x = new float[N], next = new float[N];
            ours.InitialNoise(x);
            while (ours.NextCall() != null)
            {
                var f = Prediction(x);
                theirs.Step(x, f, next);
                ours.StepInPlace(x, f);
                AssertClose(x, next, 1e-5);
            }

            Assert.True(theirs.IsFinished && theirs.CanContinue);
        }
    }

    [Fact]
    public void ContextsMayGoBeforeTheirStates()
    {
        if (Context() is not { } vulkan)
        {
            return;
        }

        var options = On(vulkan);
        using var state = Start("DDIMScheduler", options);
        vulkan.Dispose();
        vulkan.Dispose();
        var x = Filled(0.5f);
        state.StepInPlace(x, Prediction(x));
        Assert.Throws<ObjectDisposedException>(() => vulkan.Info);
        Assert.Throws<ObjectDisposedException>(() => vulkan.Cache());
        Assert.Throws<ObjectDisposedException>(() => vulkan.SetCache([1]));
        Assert.Throws<ObjectDisposedException>(() => Start("DDIMScheduler", options));
        Assert.Throws<ObjectDisposedException>(() => state.RecordInitialNoise(vulkan, 1, default));
    }

    [Fact]
    public void ImportsAreChecked()
    {
        Assert.Throws<ArgumentNullException>(() => Vulkan.Import(null!));
        if (Library.IsAvailable(Kernel.Vulkan))
        {
            Refused(Status.Argument, string.Empty, () => Vulkan.Import(new VulkanImportOptions()));
        }
    }

    [Fact]
    public unsafe void QueuesAreLocked()
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var owner = context;
        var options = new Application(owner).ImportWithQueue();
        options.Lock = (nint)(delegate* unmanaged[Cdecl]<int*, void>)&Lock;
        Refused(Status.Argument, "lock", () => Vulkan.Import(options));
        options.Unlock = (nint)(delegate* unmanaged[Cdecl]<int*, void>)&Unlock;
        var user = 0;
        options.User = (nint)(&user);
        using var vulkan = Vulkan.Import(options);
        Assert.Equal(owner.Info.Queue, vulkan.Info.Queue);
        using State ours = Start("DDIMScheduler"), theirs = Start("DDIMScheduler", On(vulkan));
        float[] x = Filled(0.5f), y = Filled(0.5f);
        ours.StepInPlace(x, Prediction(x));
        theirs.StepInPlace(y, Prediction(y));
        AssertClose(x, y, 1e-5);
        Assert.True(user > 0);
        Assert.Equal(locks, unlocks);
    }

    /// <summary>A whole loop recorded on a context that was imported without a queue, against the CPU's.</summary>
    [Theory]
    [InlineData("EulerDiscreteScheduler")]
    [InlineData("DPMSolverMultistepScheduler")]
    public void StepsAreRecorded(string name)
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var owner = context;
        var app = new Application(owner);
        using var vulkan = Vulkan.Import(app.Import());
        Assert.Equal(0, vulkan.Info.Queue);
        var buffer = app.Allocate(3 * N);
        buffer.Values.Clear();
        var (x, f, scaled) = (buffer.Tensor(0), buffer.Tensor(N), buffer.Tensor(2 * N));
        using State ours = Start(name), state = Start(name, On(vulkan));
        float[] expected = new float[N], input = new float[N];
        ours.InitialNoise(expected);
        app.Run(commands => state.RecordInitialNoise(vulkan, commands, x, app.Device));
        while (state.NextCall() != null)
        {
            AssertClose(expected, buffer.Values[..N], 1e-5);
            Prediction(expected).CopyTo(buffer.Values[N..]);
            ours.ScaleInput(expected, input);
            ours.StepInPlace(expected, buffer.Values.Slice(N, N));
            app.Run(commands =>
            {
                state.RecordScaleInput(vulkan, commands, x, scaled);
                state.RecordStep(vulkan, commands, new VulkanStepArgs(x, x) { Prediction = f }, app.Device);
            });
            AssertClose(input, buffer.Values[(2 * N)..], 1e-5);
            expected.CopyTo(buffer.Values);
        }

        Assert.True(state.IsFinished);
        ours.AddNoise(2, buffer.Values[..N], default, expected);
        app.Run(commands =>
        {
            state.RecordAddNoise(vulkan, commands, 2, x, null, scaled);
            Refused(Status.Finished, string.Empty, () =>
                state.RecordStep(vulkan, commands, new VulkanStepArgs(x, x) { Prediction = f }));
        });
        AssertClose(expected, buffer.Values[(2 * N)..], 1e-4);
        app.Free(buffer);
    }

    /// <summary>Guidance, a preview and the next input, in one recorded step.</summary>
    [Fact]
    public void WideStepsAreRecorded()
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var owner = context;
        var app = new Application(owner);
        using var vulkan = Vulkan.Import(app.Import());
        var buffer = app.Allocate(5 * N);
        using State ours = Start("EulerDiscreteScheduler"), state = Start("EulerDiscreteScheduler", On(vulkan));
        float[] x = Filled(3), f = Prediction(x), negative = Filled(0.25f), preview = new float[N], input = new float[N];
        x.CopyTo(buffer.Values);
        f.CopyTo(buffer.Values[N..]);
        negative.CopyTo(buffer.Values[(2 * N)..]);
        ours.StepWide(new StepArgs(x)
        {
            Prediction = f,
            Unconditional = negative,
            GuidanceScale = 7.5,
            Denoised = preview,
            NextInput = input,
        });
        app.Run(commands => state.RecordStep(vulkan, commands, new VulkanStepArgs(buffer.Tensor(0), buffer.Tensor(0))
        {
            Prediction = buffer.Tensor(N),
            Unconditional = buffer.Tensor(2 * N),
            GuidanceScale = 7.5,
            Denoised = buffer.Tensor(3 * N),
            NextInput = buffer.Tensor(4 * N),
        }));
        AssertClose(x, buffer.Values[..N], 1e-5);
        AssertClose(preview, buffer.Values.Slice(3 * N, N), 1e-5);
        AssertClose(input, buffer.Values[(4 * N)..], 1e-5);
        app.Free(buffer);
    }

    /// <summary>Wrong ones are refused before anything is recorded.</summary>
    [Fact]
    public void WrongRecordingsAreRefused()
    {
        if (Context() is not { } context)
        {
            return;
        }

        using var owner = context;
        var app = new Application(owner);
        using var vulkan = Vulkan.Import(app.Import());
        var buffer = app.Allocate(3 * N);
        var (x, f) = (buffer.Tensor(0), buffer.Tensor(N));
        using State state = Start("DDIMScheduler", On(vulkan)), cpu = Start("DDIMScheduler");
        app.Run(commands =>
        {
            void Bad(Status status, VulkanTensor sample, VulkanTensor prediction, VulkanTensor next, nint device = 0) =>
                Refused(status, string.Empty, () =>
                    state.RecordStep(vulkan, commands, new VulkanStepArgs(sample, next) { Prediction = prediction }, device));

            Bad(Status.Argument, x, f, buffer.Tensor((2 * N) + 1));
            Bad(Status.Argument, default, f, x);
            Bad(Status.Argument, x, f, default);
            Bad(Status.Argument, x, f, x, 0x1234);
            Bad(Status.Overlap, x, f, f);
            Bad(Status.Shape, buffer.Tensor(0, N - 1), f, x);
            Bad(Status.Shape, buffer.Tensor(0, -1), f, x);
            Bad(Status.Argument, new VulkanTensor(buffer.Handle, 2, 4 * 3 * N, N), f, x);
            Bad(Status.Dtype, new VulkanTensor(buffer.Handle, 0, 4 * 3 * N, N, Dtype.Float64), f, x);
            Refused(Status.Argument, string.Empty, () =>
                state.RecordStep(vulkan, 0, new VulkanStepArgs(x, x) { Prediction = f }));
            Refused(Status.Argument, string.Empty, () =>
                state.RecordStep(vulkan, commands, new VulkanStepArgs(x, x) { Prediction = f, GroupTimesteps = [] }));
            Refused(Status.Conflict, string.Empty, () => state.RecordInitialNoise(owner, commands, x));
            Refused(Status.Argument, string.Empty, () => state.RecordInitialNoise(vulkan, commands, default));
            Assert.Throws<ArgumentNullException>(() => state.RecordInitialNoise(null!, commands, x));
            Assert.Throws<ArgumentException>(() =>
                state.RecordStep(vulkan, commands, new VulkanStepArgs(x, x) { Prediction = f, Mask = default(VulkanTensor) }));
            Assert.Throws<ArgumentException>(() =>
                state.RecordAddNoise(vulkan, commands, 0, x, default(VulkanTensor), x));
            var error = Assert.Throws<SchedException>(() => cpu.RecordInitialNoise(vulkan, commands, x));
            Assert.NotEqual(Status.Internal, error.Status);
        });
        Assert.Equal(0, state.CallsDone);

        // A queue is needed for what is not recorded.
        Refused(Status.Unsupported, string.Empty, () => state.StepInPlace(new float[N], new float[N]));
        app.Free(buffer);

    }

    private static InitOptions On(Vulkan vulkan)
    {
        var options = Options();
        options.Vulkan = vulkan;
        return options;
    }

    /// <summary>A context, or null where this machine has none.</summary>
    private static Vulkan? Context()
    {
        try
        {
            return new Vulkan();
        }
        catch (SchedException error)
        {
            Assert.Equal(Status.Unsupported, error.Status);
            Assert.NotEmpty(error.Message);
            return null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void Lock(int* user)
    {
        ++*user;
        locks++;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void Unlock(int* user) => unlocks++;
}

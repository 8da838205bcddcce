// What the binding costs: a step of 16 elements through it and in a loop of C, in blocks that take
// turns, as medians; then a million steps, and that the process does not grow.
//
// usage: Overhead liboverhead.so        the loop of overhead.c, linked against libsched

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Sched;

const int Elements = 16;
const int Steps = 1000;
const int Blocks = 301;

// More than the C call, at most. It is told, not tested: other work on the machine decides too.
const double Target = 200;
const long GrowthBytes = 4 << 20;
var config = """{"_class_name": "DDIMScheduler", "clip_sample": false}""";

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: Overhead liboverhead.so");
    return 2;
}

using var c = new CLoop(args[0], Encoding.UTF8.GetBytes(config), Steps, Elements);
using var scheduler = new Scheduler(config);
using var state = scheduler.Init(new InitOptions(Steps, Elements));
var start = state.Save();
float[] x = new float[Elements], f = new float[Elements], expected = new float[Elements];
Array.Fill(f, 0.25f);

void Step()
{
    for (var i = 0; i < Steps; i++)
    {
        state.StepInPlace(x, f);
    }
}

void StepWide()
{
    for (var i = 0; i < Steps; i++)
    {
        state.StepWide(new StepArgs(x) { Prediction = f });
    }
}

// Nanoseconds of one step; both begin at the same sample and must end at the same.
double Time(Action rewind, Action block)
{
    Array.Fill(x, 1);
    rewind();
    var begin = Stopwatch.GetTimestamp();
    block();
    return Stopwatch.GetElapsedTime(begin).TotalNanoseconds / Steps;
}

List<double> inC = [], inPlace = [], wide = [];
for (var block = 0; block < Blocks; block++)
{
    inC.Add(Time(c.Rewind, () => c.Run(x, f)));
    x.CopyTo(expected, 0);
    inPlace.Add(Time(() => state.Load(start), Step));
    var isSame = expected.AsSpan().SequenceEqual(x);
    wide.Add(Time(() => state.Load(start), StepWide));
    if (!isSame || !expected.AsSpan().SequenceEqual(x))
    {
        Console.WriteLine("FAIL  the loops do not end at the same sample");
        return 1;
    }
}

static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

var (ofC, ofStep, ofWide) = (Median(inC), Median(inPlace), Median(wide));
Console.WriteLine($"a step of {Elements} elements, medians of {Blocks} blocks of {Steps} steps:");
Console.WriteLine($"  C call      {ofC,7:f1} ns");
Console.WriteLine($"  StepInPlace {ofStep,7:f1} ns, {ofStep - ofC:+0.0;-0.0}");
Console.WriteLine($"  StepWide    {ofWide,7:f1} ns, {ofWide - ofC:+0.0;-0.0}");

var before = ResidentBytes();
var allocated = GC.GetAllocatedBytesForCurrentThread();
for (var block = 0; block < 1000; block++)
{
    state.Load(start);
    Step();
}

allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
var grown = ResidentBytes() - before;
Console.WriteLine($"{1000 * Steps} steps more: {allocated} bytes allocated, {grown} bytes resident more");
var worst = Math.Max(ofStep, ofWide) - ofC;
Console.WriteLine(worst <= Target ? "the target is met" : $"the target, {Target} ns, is missed");
return allocated == 0 && grown <= GrowthBytes ? 0 : 1;

static long ResidentBytes()
{
    using var process = Process.GetCurrentProcess();
    return process.WorkingSet64;
}

/// <summary>The loop of overhead.c.</summary>
internal sealed unsafe class CLoop : IDisposable
{
    private readonly delegate* unmanaged<nint, void> rewind, free;
    private readonly delegate* unmanaged<nint, float*, float*, int, long, void> run;
    private readonly nint loop;
    private readonly int steps;

    internal CLoop(string library, byte[] config, int steps, int elements)
    {
        var handle = NativeLibrary.Load(Path.GetFullPath(library));
        var make = (delegate* unmanaged<byte*, ulong, int, long, nint>)NativeLibrary.GetExport(handle, "loop_new");
        rewind = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(handle, "loop_rewind");
        free = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(handle, "loop_free");
        run = (delegate* unmanaged<nint, float*, float*, int, long, void>)NativeLibrary.GetExport(handle, "loop_run");
        this.steps = steps;
        fixed (byte* text = config)
        {
            loop = make(text, (ulong)config.Length, steps, elements);
        }
    }

    public void Dispose() => free(loop);

    internal void Rewind() => rewind(loop);

    internal void Run(float[] sample, float[] prediction)
    {
        fixed (float* x = sample, f = prediction)
        {
            run(loop, x, f, steps, sample.Length);
        }
    }
}

// Replays recorded loops of diffusers and k-diffusion (tests/golden) in float32.
//
// usage: Replay REPOSITORY             the loops of bindings/conformance/loops.txt, and their bits
//        Replay REPOSITORY FILE...     others
//
// What the bits must be is in SCHED_CONFORMANCE_BITS, or else in bindings/conformance/bits.txt.

using System.Globalization;
using Replay;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: Replay REPOSITORY [FILE...]");
    return 2;
}

var conformance = Path.Combine(args[0], "bindings", "conformance");
var listed = args.Length == 1;
var files = listed
    ? File.ReadLines(Path.Combine(conformance, "loops.txt"))
        .Select(line => line.Trim())
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => Path.Combine(args[0], "tests", "golden", line))
        .ToArray()
    : args[1..];

var replayer = new Replayer();
var (failed, largest) = (0, 0.0);
foreach (var file in files)
{
    var name = Path.GetFileNameWithoutExtension(file);
    try
    {
        var loop = new RecordedLoop(file);
        var error = replayer.Run(loop);
        largest = Math.Max(largest, error);
        Console.WriteLine($"{name,-32} {loop.Method,-36} {loop.Calls.Count,4} calls  {error:e2}  pass");
    }
    catch (Exception error)
    {
        Console.WriteLine($"{name,-32} FAIL  {error.Message}");
        failed++;
    }
}

// Every language must give the same bits; that nobody knows them is a failure too.
var bits = replayer.Bits.ToString("x16");
var known = Path.Combine(conformance, "bits.txt");
var expected = Environment.GetEnvironmentVariable("SCHED_CONFORMANCE_BITS")
    ?? (File.Exists(known) ? File.ReadAllText(known).Trim() : "unknown");
var isSame = !listed || expected == bits;
if (!isSame)
{
    Console.WriteLine($"FAIL  the bits must be {expected}");
}

Console.WriteLine($"{files.Length} loops, {failed} failed, largest error {largest:0.0e-00}, bits {bits}");
return failed == 0 && isSame && files.Length > 0 ? 0 : 1;

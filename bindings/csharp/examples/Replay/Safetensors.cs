using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Replay;

/// <summary>An array of a file, by its shape.</summary>
internal sealed record Array(long[] Shape, double[] Values);

/// <summary>
/// The safetensors format: the header's length in 8 bytes, the header in JSON, then the arrays, here
/// all float64, little-endian.
/// </summary>
internal sealed class Safetensors
{
    private readonly Dictionary<string, string> metadata = [];
    private readonly Dictionary<string, Array> arrays = [];

    internal Safetensors(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(bytes) > (ulong)bytes.Length - 8)
        {
            throw new InvalidDataException("the header is longer than the file");
        }

        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        var data = bytes.AsSpan(8 + length);
        foreach (var entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (var pair in entry.Value.EnumerateObject())
                {
                    metadata.Add(pair.Name, pair.Value.GetString()!);
                }
            }
            else
            {
                arrays.Add(entry.Name, Read(entry.Name, entry.Value, data));
            }
        }
    }

    internal bool Has(string name) => arrays.ContainsKey(name);

    internal bool HasMetadata(string key) => metadata.ContainsKey(key);

    internal string Metadata(string key) =>
        metadata.TryGetValue(key, out var value)
            ? value
            : throw new InvalidDataException($"metadata has no '{key}'");

    internal JsonElement JsonMetadata(string key)
    {
        using var document = JsonDocument.Parse(Metadata(key));
        return document.RootElement.Clone();
    }

    internal Array Tensor(string name) =>
        Find(name) ?? throw new InvalidDataException($"tensor '{name}' is missing");

    internal double[]? Values(string name) => Find(name)?.Values;

    /// <summary>A tensor as rows of one size.</summary>
    internal double[][] Rows(string name, int count, int size)
    {
        var array = Tensor(name);
        if (array.Shape.Length == 0 || array.Shape[0] != count || array.Values.Length != (long)count * size)
        {
            throw new InvalidDataException($"tensor '{name}' has the wrong shape");
        }

        return [.. array.Values.Chunk(size)];
    }

    private static Array Read(string name, JsonElement entry, ReadOnlySpan<byte> data)
    {
        var shape = Numbers(entry.GetProperty("shape"));
        var offsets = Numbers(entry.GetProperty("data_offsets"));
        if (entry.GetProperty("dtype").GetString() != "F64"
            || offsets.Length != 2
            || offsets[0] < 0
            || offsets[1] < offsets[0]
            || offsets[1] > data.Length
            || offsets[1] - offsets[0] != 8 * shape.Aggregate(1L, (a, b) => a * b))
        {
            throw new InvalidDataException($"{name}: is no float64 array in this file");
        }

        var bytes = data[(int)offsets[0]..(int)offsets[1]];
        return new Array(shape, MemoryMarshal.Cast<byte, double>(bytes).ToArray());
    }

    private static long[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetInt64())];

    private Array? Find(string name) => arrays.GetValueOrDefault(name);
}

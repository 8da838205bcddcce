// Debian's mono-runtime has the types of netstandard2.1, but not the assembly netstandard.dll that says
// where they are.  This writes its source: a forwarder for each type that the given assemblies take from
// it.
//
// usage: Facade ASSEMBLY... > netstandard.cs

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

var types = new SortedSet<string>(StringComparer.Ordinal);
foreach (var path in args)
{
    using var file = new PEReader(File.OpenRead(path));
    var reader = file.GetMetadataReader();
    foreach (var type in reader.TypeReferences.Select(reader.GetTypeReference))
    {
        // A nested type goes with the one that it is in.
        if (type.ResolutionScope.Kind == HandleKind.AssemblyReference
            && reader.GetString(
                reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == "netstandard")
        {
            types.Add($"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}");
        }
    }
}

foreach (var type in types)
{
    // List`1 is List<> in C#.
    var parts = type.Split('`');
    var generic = parts.Length > 1 ? $"<{new string(',', int.Parse(parts[1]) - 1)}>" : string.Empty;
    Console.WriteLine(
        $"[assembly: System.Runtime.CompilerServices.TypeForwardedTo(typeof({parts[0]}{generic}))]");
}

// Checks the Unity package without Unity: what its files say, that they compile (the references of this
// project), and that its tests and its sample run on stubs of Unity.
//
// usage: Checker PACKAGE VERSION EXPECTED     what the sample logs at its end

using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

if (args.Length != 3)
{
    Console.Error.WriteLine("usage: Checker PACKAGE VERSION EXPECTED");
    return 2;
}

var (root, version, expected) = (args[0], args[1], args[2]);
var failures = 0;

void Check(bool isRight, string sentence)
{
    if (!isRight)
    {
        Console.WriteLine($"FAIL  {sentence}");
        failures++;
    }
}

// What comes with Unity.
HashSet<string> known = ["UnityEngine.TestRunner", "UnityEditor.TestRunner"];

var all = Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
    .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
    .ToArray();

// Folders that end in ~ are hidden from Unity; samples are seen once they are imported.
var seen = all.Where(path => !path.StartsWith("Documentation~") && path != "Samples~").ToArray();
var metas = seen.Where(path => path.EndsWith(".meta")).ToHashSet();
var assets = seen.Where(path => !path.EndsWith(".meta")).ToHashSet();

CheckMetas();
CheckManifest();
CheckAssemblies();
CheckPlugins();
CheckDelegates();
RunTests();
RunSample();
Console.WriteLine($"Unity package: {assets.Count} assets, {failures} failures");
return failures == 0 ? 0 : 1;

string Read(string path) => File.ReadAllText(Path.Combine(root, path));

JsonElement Json(string path) => JsonDocument.Parse(Read(path)).RootElement;

// Every asset has a .meta and every .meta an asset; GUIDs are unique, and hashes of the paths, so that
// they are the same in each build.
void CheckMetas()
{
    var name = Json("package.json").GetProperty("name").GetString();
    var guids = new HashSet<string>();
    foreach (var asset in assets)
    {
        Check(metas.Contains(asset + ".meta"), $"{asset} has no .meta");
    }

    foreach (var meta in metas)
    {
        var asset = meta[..^".meta".Length];
        Check(assets.Contains(asset), $"{meta} has no asset");
        var match = Regex.Match(Read(meta), @"\AfileFormatVersion: 2\nguid: ([0-9a-f]{32})\n");
        var hash = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes($"{name}/{asset}")));
        Check(match.Groups[1].Value == hash, $"{meta}: the GUID is not {hash}");
        Check(guids.Add(match.Groups[1].Value), $"{meta}: another asset has the same GUID");
        Check(
            Read(meta).Contains("folderAsset: yes") == Directory.Exists(Path.Combine(root, asset)),
            $"{meta}: is of a folder, or is not");
    }
}

void CheckManifest()
{
    var manifest = Json("package.json");
    Check(manifest.GetProperty("version").GetString() == version, $"package.json: the version is not {version}");
    Check(Read("CHANGELOG.md").Contains($"## [{version}]"), $"CHANGELOG.md does not have {version}");
    Check(manifest.GetProperty("unity").GetString() == "2021.3", "package.json: unity is not 2021.3");
    foreach (var sample in manifest.GetProperty("samples").EnumerateArray())
    {
        var path = sample.GetProperty("path").GetString()!;
        Check(Directory.Exists(Path.Combine(root, path)), $"package.json: there is no {path}");
    }
}

// Names of assemblies are unique, and what they refer to is there.
void CheckAssemblies()
{
    var definitions = assets.Where(path => path.EndsWith(".asmdef")).ToDictionary(path => path, Json);
    var names = definitions.Values.Select(json => json.GetProperty("name").GetString()!).ToArray();
    Check(names.Distinct().Count() == names.Length, "two assemblies have the same name");
    foreach (var (path, json) in definitions)
    {
        Check(Path.GetFileNameWithoutExtension(path) == json.GetProperty("name").GetString(), $"{path} has another name");
        foreach (var reference in json.GetProperty("references").EnumerateArray())
        {
            var name = reference.GetString()!;
            Check(names.Contains(name) || known.Contains(name), $"{path}: there is no {name}");
        }
    }

    foreach (var source in assets.Where(path => path.EndsWith(".cs")))
    {
        Check(
            definitions.Keys.Any(path => source.StartsWith(Path.GetDirectoryName(path)!.Replace('\\', '/') + "/")),
            $"{source} is in no assembly");
    }

    Check(Json("Runtime/Sched.asmdef").GetProperty("allowUnsafeCode").GetBoolean(), "Sched may not be unsafe");
    Check(Read("Runtime/csc.rsp").Contains("-nullable:enable"), "Runtime/csc.rsp does not enable nullable");
}

// A plugin is for its own platform and no other.
void CheckPlugins()
{
    (string Folder, string Platform, string Cpu)[] platforms =
    [
        ("Android/arm64-v8a", "Android: Android", "ARM64"),
        ("iOS", "iPhone: iOS", string.Empty),
        ("macOS", "Standalone: OSXUniversal", "AnyCPU"),
        ("Windows/x86_64", "Standalone: Win64", "x86_64"),
        ("Linux/x86_64", "Standalone: Linux64", "x86_64"),
    ];
    var libraries = assets
        .Where(path => path.StartsWith("Runtime/Plugins/") && File.Exists(Path.Combine(root, path)))
        .ToArray();
    Check(libraries.Length > 0, "there is no plugin");
    foreach (var library in libraries)
    {
        var (folder, platform, cpu) = platforms.Single(p => library.StartsWith($"Runtime/Plugins/{p.Folder}/"));
        var meta = Read(library + ".meta");
        Check(meta.Contains("PluginImporter:"), $"{library} is not imported as a plugin");
        Check(
            Regex.IsMatch(meta, $@"{platform}\n    second:\n      enabled: 1\n      settings:( \{{\}}|\n        CPU: {cpu})\n"),
            $"{library} is not for {folder}");
        Check(Regex.IsMatch(meta, @"Any: \n    second:\n      enabled: 0\n"), $"{library} is for any platform");
        var enabled = Regex.Matches(meta, "enabled: 1").Count;
        Check(enabled == (platform.StartsWith("Standalone") ? 2 : 1), $"{library} is for other platforms too");
    }
}

// IL2CPP has no way to call a delegate from C.
void CheckDelegates()
{
    const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    var types = Assembly.Load("Sched").GetTypes();
    Check(types.Any(type => type.Namespace == "Sched.Raw"), "Sched has no raw functions");
    foreach (var type in types)
    {
        Check(!typeof(Delegate).IsAssignableFrom(type), $"{type} is a delegate");
        Check(
            !type.GetFields(Everything).Any(field => typeof(Delegate).IsAssignableFrom(field.FieldType)),
            $"{type} holds a delegate");
    }
}

Assembly Package() => Assembly.Load("Package");

void RunTests()
{
    var tests = Package().GetTypes()
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttributes().Any(a => a.GetType().Name == "TestAttribute"))
        .ToArray();
    Check(tests.Length >= 3, "there are no tests");
    foreach (var test in tests)
    {
        try
        {
            test.Invoke(Activator.CreateInstance(test.DeclaringType!), null);
        }
        catch (TargetInvocationException error)
        {
            Check(false, $"{test.Name}: {error.InnerException}");
        }
    }
}

// As Unity calls it, more frames than the loop has calls.
void RunSample()
{
    var type = Package().GetType("LoopBehaviour")!;
    var sample = Activator.CreateInstance(type);
    void Call(string name) =>
        type.GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(sample, null);

    var console = Console.Out;
    using var log = new StringWriter();
    Console.SetOut(log);
    Call("OnEnable");
    for (var frame = 0; frame < 30; frame++)
    {
        Call("Update");
    }

    Call("OnDisable");
    Console.SetOut(console);
    Check(log.ToString().Trim() == expected, $"the sample logs {log}");
}

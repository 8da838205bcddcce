namespace Sched.Tests;

/// <summary>What the library knows, and that its strings arrive.</summary>
public class CatalogTests
{
    [Fact]
    public void MethodsAreListedAndFound()
    {
        var methods = Method.All;
        Assert.True(methods.Count > 44);
        for (var i = 0; i < methods.Count; i++)
        {
            var method = methods[i];
            Assert.Equal(i, method.Index);
            Assert.NotEmpty(method.Name);
            Assert.NotEmpty(method.Paper);
            Assert.InRange(method.CallsPerStep, 1, 10);
            Assert.InRange(method.MemoryRows, 0, 8);
            Assert.InRange(method.DrawsPerStep, 0, 2 * method.CallsPerStep);
            Assert.InRange(method.MaxOrder, 1, 8);
            var key = method.ClassName.Length > 0 ? method.ClassName : method.Name;
            Assert.Equal(i, Method.Find(key)?.Index);
            Assert.All(method.Options, option => Assert.NotEmpty(option.Name + option.Type));
        }

        var euler = Method.Find("EulerDiscreteScheduler")!;
        Assert.Equal("euler", euler.Name);
        Assert.Equal(Stochastic.Optional, euler.Stochastic);
        var spacing = euler.Options.Single(option => option.Name == "timestep_spacing");
        Assert.Equal("string", spacing.Type);
        Assert.Equal("\"linspace\"", spacing.DefaultValue);
        Assert.Equal("linspace | leading | trailing", spacing.Allowed);
        Assert.False(spacing.AtInit);
        Assert.Contains(euler.Options, option => option.AtInit && option.Name == "s_churn");
        using var scheduler = Support.Scheduler("EulerDiscreteScheduler");
        Assert.Equal(euler.Index, scheduler.Method.Index);
    }

    [Fact]
    public void NamesAreListedAndFound()
    {
        var names = Name.All;
        Assert.True(names.Count > 100);
        Assert.All(names, name => Assert.NotNull(Name.Find(name.Value, name.System)));
        Assert.All(names, name => Assert.StartsWith("{", name.Composition));
        Assert.Contains(names, name => name.Kind == NameKind.Schedule);
        var name = Name.Find("dpm++ 2m karras", "A1111")!;
        Assert.Equal("DPM++ 2M Karras", name.Value);
        Assert.Equal("A1111", name.System);
        Assert.Equal(NameKind.Sampler, name.Kind);
        using var scheduler = new Scheduler(name.Composition);
        using var state = scheduler.Init(new InitOptions(10, 4));
        Assert.Equal(10, state.NumSteps);
    }

    [Fact]
    public void QuirksAreDescribed()
    {
        using var scheduler = Support.Scheduler("DDIMScheduler");
        Assert.NotEmpty(scheduler.Quirks);
        Assert.All(scheduler.Quirks, quirk => Assert.True(Library.QuirkDescription(quirk)!.Length > 20));
        using var own = new Scheduler("""{"solver": "ddim"}""");
        Assert.Empty(own.Quirks);
    }

    [Fact]
    public void NothingIsFoundOfOtherNames()
    {
        Assert.Null(Method.Find("Nope"));
        Assert.Null(Method.Find(string.Empty));
        Assert.Null(Name.Find("Nope"));
        Assert.Null(Name.Find("Euler", "Nope"));
        Assert.Null(Library.QuirkDescription("nope"));
    }

    [Fact]
    public void NamesThatAreNone()
    {
        Assert.Throws<ArgumentNullException>(() => Method.Find(null!));
        Assert.Throws<ArgumentException>(() => Method.Find("DDIM\0Scheduler"));
        Assert.Throws<ArgumentNullException>(() => Name.Find(null!));
        Assert.Throws<ArgumentException>(() => Name.Find("Euler\0"));
        Assert.Throws<ArgumentException>(() => Name.Find("Euler", "\0"));
        Assert.Throws<ArgumentNullException>(() => Library.QuirkDescription(null!));
        Assert.ThrowsAny<ArgumentException>(() => Method.Find("\ud83d"));
    }

    [Fact]
    public void VersionsAndKernels()
    {
        Assert.Equal("0.1.0", Library.Version);
        Assert.Equal(100, Library.VersionNumber);
        var assembly = typeof(Library).Assembly.GetName().Version!;
        Assert.Equal(Library.Version, $"{assembly.Major}.{assembly.Minor}.{assembly.Build}");
        Assert.True(Library.IsAvailable(Kernel.Reference));
        Assert.True(Library.IsAvailable(Kernel.Fused));
        Assert.False(Library.IsAvailable((Kernel)99));
    }

    [Fact]
    public void StatusesHaveTheirNamesInC()
    {
        var statuses = Enum.GetValues<Status>();
        Assert.Equal(27, statuses.Length);
        foreach (var status in statuses.Where(status => status != Status.Ok))
        {
            var plain = Library.StatusName(status).Replace("SCHED_ERROR_", string.Empty).Replace("_", string.Empty);
            Assert.Equal(status.ToString(), plain, ignoreCase: true);
        }

        Assert.Equal("SCHED_OK", Library.StatusName(Status.Ok));
        Assert.NotEmpty(Library.StatusName((Status)(-999)));
    }
}

using System.Reflection;

namespace Sched.Tests;

/// <summary>What IL2CPP asks of the assembly: nothing that C would have to call back.</summary>
public class AssemblyTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Type[] Types = typeof(Scheduler).Assembly.GetTypes();

    /// <summary>Neither delegates of its own nor those that the compiler makes for lambdas.</summary>
    [Fact]
    public void ThereIsNoDelegate()
    {
        Assert.Contains(Types, type => type.Namespace == "Sched.Raw");
        Assert.DoesNotContain(Types, IsDelegate);
        foreach (var type in Types)
        {
            Assert.DoesNotContain(type.GetFields(Everything), field => IsDelegate(field.FieldType));
            Assert.Empty(type.GetEvents(Everything));
            foreach (var method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)))
            {
                Assert.DoesNotContain(method.GetParameters(), parameter => IsDelegate(parameter.ParameterType));
                Assert.DoesNotContain(
                    method.GetMethodBody()?.LocalVariables ?? [], local => IsDelegate(local.LocalType));
            }
        }
    }

    [Fact]
    public void HandlesAreTypesDownToTheRawFunctions()
    {
        var imports = Imports().ToArray();
        Assert.True(imports.Length > 60);
        var step = imports.Single(method => method.Name == "sched_flat_step");
        Assert.Equal("StateHandle", step.GetParameters()[0].ParameterType.Name);
        var init = imports.Single(method => method.Name == "sched_flat_init");
        Assert.Equal("StateHandle", init.ReturnType.Name);
        Assert.Equal("SchedulerHandle", init.GetParameters()[0].ParameterType.Name);
        Assert.Contains(init.GetParameters(), parameter => parameter.ParameterType.Name == "VulkanHandle");
    }

    [Fact]
    public void NoParameterNeedsTheMarshallerToCopy()
    {
        foreach (var method in Imports())
        {
            foreach (var type in method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType))
            {
                Assert.True(
                    type.IsPointer || type.IsPrimitive || type == typeof(void)
                    || type == typeof(System.Runtime.InteropServices.HandleRef)
                    || type.IsSubclassOf(typeof(System.Runtime.InteropServices.SafeHandle)),
                    $"{method.Name}: {type}");
            }
        }
    }

    [Fact]
    public void OnlySchedIsPublic() =>
        Assert.All(typeof(Scheduler).Assembly.GetExportedTypes(), type => Assert.Equal("Sched", type.Namespace));

    private static IEnumerable<MethodInfo> Imports() =>
        Types.SelectMany(type => type.GetMethods(Everything))
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));

    private static bool IsDelegate(Type type) =>
        typeof(Delegate).IsAssignableFrom(type) || type.IsFunctionPointer;
}

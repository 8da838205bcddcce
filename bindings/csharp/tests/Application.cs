using System.Runtime.InteropServices;

namespace Sched.Tests;

/// <summary>
/// As much of an application with Vulkan as a recorded step needs: functions of the loader's, and
/// structures as 64-bit words (type, chain, members).
/// </summary>
internal sealed unsafe class Application
{
    private readonly delegate* unmanaged<nint, byte*, nint> getInstanceProcAddr;
    private readonly VulkanInfo info;

    /// <summary>Shares the device of a context of the library's own.</summary>
    internal Application(Vulkan vulkan)
    {
        var loader = NativeLibrary.Load(OperatingSystem.IsWindows() ? "vulkan-1.dll" : "libvulkan.so.1");
        getInstanceProcAddr =
            (delegate* unmanaged<nint, byte*, nint>)NativeLibrary.GetExport(loader, "vkGetInstanceProcAddr");
        info = vulkan.Info;
    }

    /// <summary>Records into a command buffer.</summary>
    internal delegate void Recorder(nint commandBuffer);

    internal nint Device => info.Device;

    internal VulkanImportOptions Import() => new()
    {
        QueueFamily = info.QueueFamily,
        GetInstanceProcAddr = (nint)getInstanceProcAddr,
        Instance = info.Instance,
        PhysicalDevice = info.PhysicalDevice,
        Device = info.Device,
    };

    /// <summary>The same with the queue: the library submits by itself.</summary>
    internal VulkanImportOptions ImportWithQueue()
    {
        var options = Import();
        options.Queue = info.Queue;
        return options;
    }

    /// <summary>A buffer in memory that the host sees, mapped for good.</summary>
    internal Buffer Allocate(int count)
    {
        ulong handle, memory;
        void* address;
        var size = sizeof(float) * (ulong)count;

        // Flags, size, usage STORAGE_BUFFER with exclusive sharing, no families.
        var create = stackalloc ulong[] { 12, 0, 0, size, 0x20, 0, 0 };
        Check(((delegate* unmanaged<nint, void*, void*, void*, int>)Function("vkCreateBuffer"u8))(
            info.Device, create, null, &handle));
        var needs = stackalloc ulong[3];
        ((delegate* unmanaged<nint, ulong, void*, void>)Function("vkGetBufferMemoryRequirements"u8))(
            info.Device, handle, needs);

        // A count, 32 types of flags and heap, a count, 16 heaps of 16 bytes.
        var properties = stackalloc uint[1 + 64 + 1 + 64];
        ((delegate* unmanaged<nint, void*, void>)Function("vkGetPhysicalDeviceMemoryProperties"u8))(
            info.PhysicalDevice, properties);

        // HOST_VISIBLE and HOST_COHERENT.
        var kind = 0;
        while ((needs[2] >> kind & 1) == 0 || (properties[1 + (2 * kind)] & 6) != 6)
        {
            kind++;
            Assert.True(kind < properties[0]);
        }

        var allocate = stackalloc ulong[] { 5, 0, needs[0], (ulong)kind };
        Check(((delegate* unmanaged<nint, void*, void*, void*, int>)Function("vkAllocateMemory"u8))(
            info.Device, allocate, null, &memory));
        Check(((delegate* unmanaged<nint, ulong, ulong, ulong, int>)Function("vkBindBufferMemory"u8))(
            info.Device, handle, memory, 0));
        Check(((delegate* unmanaged<nint, ulong, ulong, ulong, uint, void*, int>)Function("vkMapMemory"u8))(
            info.Device, memory, 0, size, 0, &address));
        return new Buffer(handle, memory, (float*)address, count);
    }

    internal void Free(Buffer buffer)
    {
        ((delegate* unmanaged<nint, ulong, void*, void>)Function("vkDestroyBuffer"u8))(
            info.Device, buffer.Handle, null);
        ((delegate* unmanaged<nint, ulong, void*, void>)Function("vkFreeMemory"u8))(
            info.Device, buffer.Memory, null);
    }

    /// <summary>Records, submits and waits.</summary>
    internal void Run(Recorder record)
    {
        ulong pool;
        nint commands;
        var create = stackalloc ulong[] { 39, 0, (ulong)info.QueueFamily << 32 };
        Check(((delegate* unmanaged<nint, void*, void*, void*, int>)Function("vkCreateCommandPool"u8))(
            info.Device, create, null, &pool));
        var allocate = stackalloc ulong[] { 40, 0, pool, 1UL << 32 };
        Check(((delegate* unmanaged<nint, void*, void*, int>)Function("vkAllocateCommandBuffers"u8))(
            info.Device, allocate, &commands));
        var begin = stackalloc ulong[] { 42, 0, 1, 0 };
        Check(((delegate* unmanaged<nint, void*, int>)Function("vkBeginCommandBuffer"u8))(commands, begin));
        record(commands);

        // COMPUTE_SHADER's writes to HOST's reads.
        var barrier = stackalloc ulong[] { 46, 0, 0x40 | (0x2000UL << 32) };
        ((delegate* unmanaged<nint, uint, uint, uint, uint, void*, uint, void*, uint, void*, void>)Function(
            "vkCmdPipelineBarrier"u8))(commands, 0x800, 0x4000, 0, 1, barrier, 0, null, 0, null);
        Check(((delegate* unmanaged<nint, int>)Function("vkEndCommandBuffer"u8))(commands));
        var submit = stackalloc ulong[] { 4, 0, 0, 0, 0, 1, (ulong)&commands, 0, 0 };
        Check(((delegate* unmanaged<nint, uint, void*, ulong, int>)Function("vkQueueSubmit"u8))(
            info.Queue, 1, submit, 0));
        Check(((delegate* unmanaged<nint, int>)Function("vkQueueWaitIdle"u8))(info.Queue));
        ((delegate* unmanaged<nint, ulong, void*, void>)Function("vkDestroyCommandPool"u8))(info.Device, pool, null);
    }

    private static void Check(int result) => Assert.Equal(0, result);

    private nint Function(ReadOnlySpan<byte> name)
    {
        // Literals in UTF-8 end in zero.
        fixed (byte* text = name)
        {
            var function = getInstanceProcAddr(info.Instance, text);
            Assert.NotEqual(0, function);
            return function;
        }
    }

    /// <summary>A buffer, and its values as the host sees them.</summary>
    internal readonly struct Buffer(ulong handle, ulong memory, float* address, int count)
    {
        internal ulong Handle => handle;

        internal ulong Memory => memory;

        internal Span<float> Values => new(address, count);

        /// <summary>A tensor of a batch that begins at a value.</summary>
        internal VulkanTensor Tensor(int first, int values = Support.N) =>
            new(handle, sizeof(float) * (ulong)first, sizeof(float) * (ulong)count, values);
    }
}

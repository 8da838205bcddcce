using System;
using System.Collections.Generic;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// Lower limits than the device's own, for tests and for drivers that claim too much. 0 leaves the
    /// device's; what claims more than the device offers is refused.
    /// </summary>
    public sealed class VulkanLimits
    {
        /// <summary>Storage buffers for each stage, at least 4.</summary>
        public uint MaxBuffers { get; set; }

        /// <summary>Invocations in a group, at least 32.</summary>
        public uint MaxGroupSize { get; set; }

        /// <summary>Groups along x, at least 64.</summary>
        public uint MaxGroupCount { get; set; }

        /// <summary>Bytes of one storage buffer binding, at least 64 KiB.</summary>
        public ulong MaxRange { get; set; }

        /// <summary>Of a binding: a power of two up to 4096, the device's or higher.</summary>
        public ulong OffsetAlignment { get; set; }

        /// <summary>Flush and invalidate host memory, in whole atoms.</summary>
        public bool IsNonCoherent { get; set; }

        internal sched_vulkan_limits ToRaw() => new sched_vulkan_limits
        {
            max_buffers = MaxBuffers,
            max_group_size = MaxGroupSize,
            max_group_count = MaxGroupCount,
            max_range = MaxRange,
            offset_alignment = OffsetAlignment,
            is_non_coherent = IsNonCoherent ? 1 : 0,
        };
    }

    /// <summary>Which device a <see cref="Vulkan"/> takes; by itself the most suitable.</summary>
    public sealed class VulkanOptions
    {
        /// <summary>A device of <see cref="Vulkan.Devices"/>.</summary>
        public int? DeviceIndex { get; set; }

        /// <summary>Part of the device's name, in any case.</summary>
        public string? DeviceName { get; set; }

        /// <summary>Device extensions to enable besides.</summary>
        public IReadOnlyList<string> DeviceExtensions { get; set; } = Array.Empty<string>();

        /// <summary>Lower limits than the device's own.</summary>
        public VulkanLimits? Limits { get; set; }
    }

    /// <summary>
    /// The application's Vulkan, all handles by value: <see cref="Vulkan.Import"/>. They must outlive
    /// the context and every state made with it.
    /// </summary>
    public sealed class VulkanImportOptions
    {
        /// <summary>Of the queue, or of the command buffers that will be recorded.</summary>
        public uint QueueFamily { get; set; }

        /// <summary>The loader's vkGetInstanceProcAddr.</summary>
        public IntPtr GetInstanceProcAddr { get; set; }

        /// <summary>VkInstance.</summary>
        public IntPtr Instance { get; set; }

        /// <summary>VkPhysicalDevice.</summary>
        public IntPtr PhysicalDevice { get; set; }

        /// <summary>VkDevice.</summary>
        public IntPtr Device { get; set; }

        /// <summary>VkQueue; zero: record only.</summary>
        public IntPtr Queue { get; set; }

        /// <summary>
        /// <c>void (*)(void* user)</c>, called by any thread around each use of the queue: a
        /// <c>delegate* unmanaged[Cdecl]&lt;void*, void&gt;</c> or a native function. With
        /// <see cref="Unlock"/>, or neither.
        /// </summary>
        public IntPtr Lock { get; set; }

        /// <summary>As <see cref="Lock"/>.</summary>
        public IntPtr Unlock { get; set; }

        /// <summary>Passed to both.</summary>
        public IntPtr User { get; set; }

        /// <summary>Lower limits than the device's own.</summary>
        public VulkanLimits? Limits { get; set; }

        internal sched_flat_import ToRaw() => new sched_flat_import
        {
            queue_family = QueueFamily,
            get_instance_proc_addr = Number(GetInstanceProcAddr),
            instance = Number(Instance),
            physical_device = Number(PhysicalDevice),
            device = Number(Device),
            queue = Number(Queue),
            queue_lock = Number(Lock),
            queue_unlock = Number(Unlock),
            user = Number(User),
        };

        private static ulong Number(IntPtr handle) => (ulong)handle.ToInt64();
    }
}

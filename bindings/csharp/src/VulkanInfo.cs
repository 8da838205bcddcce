using System;
using Sched.Raw;

namespace Sched
{
    /// <summary>A device of this machine. Immutable; any thread.</summary>
    public sealed unsafe class VulkanDevice
    {
        internal VulkanDevice(sched_vulkan_device raw)
        {
            Index = raw.index;
            IsSuitable = raw.is_suitable != 0;
            Type = raw.type;
            VendorId = raw.vendor_id;
            DeviceId = raw.device_id;
            DriverVersion = raw.driver_version;
            ApiVersion = raw.api_version;
            Name = Text.Decode(Native.sched_flat_device_name(raw));
        }

        /// <summary>For <see cref="VulkanOptions.DeviceIndex"/>.</summary>
        public int Index { get; }

        /// <summary>True where the library can run on it.</summary>
        public bool IsSuitable { get; }

        /// <summary>VkPhysicalDeviceType.</summary>
        public int Type { get; }

        /// <summary>As Vulkan says.</summary>
        public uint VendorId { get; }

        /// <summary>As Vulkan says.</summary>
        public uint DeviceId { get; }

        /// <summary>As Vulkan says.</summary>
        public uint DriverVersion { get; }

        /// <summary>As Vulkan says.</summary>
        public uint ApiVersion { get; }

        /// <summary>Its name.</summary>
        public string Name { get; }
    }

    /// <summary>What a context runs on. Handles stay the context's. Immutable; any thread.</summary>
    public sealed unsafe class VulkanInfo
    {
        internal VulkanInfo(sched_flat_info raw)
        {
            QueueFamily = raw.queue_family;
            Instance = Handle(raw.instance);
            PhysicalDevice = Handle(raw.physical_device);
            Device = Handle(raw.device);
            Queue = Handle(raw.queue);
            MaxBuffers = raw.max_buffers;
            GroupSize = raw.group_size;
            MaxRange = raw.max_range;
            OffsetAlignment = raw.offset_alignment;
            IsLost = raw.is_lost != 0;
            Name = Text.Decode(Native.sched_flat_info_name(raw));
        }

        /// <summary>Of the queue.</summary>
        public uint QueueFamily { get; }

        /// <summary>VkInstance.</summary>
        public IntPtr Instance { get; }

        /// <summary>VkPhysicalDevice.</summary>
        public IntPtr PhysicalDevice { get; }

        /// <summary>VkDevice.</summary>
        public IntPtr Device { get; }

        /// <summary>VkQueue; zero where it records only.</summary>
        public IntPtr Queue { get; }

        /// <summary>Descriptors that one step may take, the state's own too.</summary>
        public uint MaxBuffers { get; }

        /// <summary>Invocations.</summary>
        public uint GroupSize { get; }

        /// <summary>Bytes of one binding; larger tensors take several dispatches.</summary>
        public ulong MaxRange { get; }

        /// <summary>Of bindings; tensors need 4.</summary>
        public ulong OffsetAlignment { get; }

        /// <summary>True once the device was lost.</summary>
        public bool IsLost { get; }

        /// <summary>The device's name.</summary>
        public string Name { get; }

        private static IntPtr Handle(ulong number) => unchecked((nint)number);
    }
}

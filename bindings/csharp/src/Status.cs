using Sched.Raw;

namespace Sched
{
    /// <summary>The kinds of errors. Their codes keep their numbers for ever.</summary>
    public enum Status
    {
        /// <summary>No error; no exception has it.</summary>
        Ok = (int)sched_status.SCHED_OK,

        /// <summary>An argument that cannot be: a tensor is missing, a count is negative.</summary>
        Argument = (int)sched_status.SCHED_ERROR_ARGUMENT,

        /// <summary>A struct's size is not one that the native library knows: it does not fit this assembly.</summary>
        StructSize = (int)sched_status.SCHED_ERROR_STRUCT_SIZE,

        /// <summary>The text is not valid JSON, or not UTF-8.</summary>
        Json = (int)sched_status.SCHED_ERROR_JSON,

        /// <summary>No such scheduler class or solver.</summary>
        UnknownClass = (int)sched_status.SCHED_ERROR_UNKNOWN_CLASS,

        /// <summary>The configuration has a key that does not belong.</summary>
        UnknownKey = (int)sched_status.SCHED_ERROR_UNKNOWN_KEY,

        /// <summary>A key has a value of the wrong JSON type.</summary>
        Type = (int)sched_status.SCHED_ERROR_TYPE,

        /// <summary>A value is not among those allowed.</summary>
        Value = (int)sched_status.SCHED_ERROR_VALUE,

        /// <summary>Two keys or options exclude each other.</summary>
        Conflict = (int)sched_status.SCHED_ERROR_CONFLICT,

        /// <summary>Number of steps, begin or end out of range.</summary>
        Steps = (int)sched_status.SCHED_ERROR_STEPS,

        /// <summary>Custom timesteps or sigmas are unusable.</summary>
        Timesteps = (int)sched_status.SCHED_ERROR_TIMESTEPS,

        /// <summary>An option that this method does not have.</summary>
        Option = (int)sched_status.SCHED_ERROR_OPTION,

        /// <summary>Batch or elements differ from those given at the start.</summary>
        Shape = (int)sched_status.SCHED_ERROR_SHAPE,

        /// <summary>An element type that is not supported here.</summary>
        Dtype = (int)sched_status.SCHED_ERROR_DTYPE,

        /// <summary>Tensors overlap in a way that is not allowed.</summary>
        Overlap = (int)sched_status.SCHED_ERROR_OVERLAP,

        /// <summary>Every step is done.</summary>
        Finished = (int)sched_status.SCHED_ERROR_FINISHED,

        /// <summary>A weight would be infinite or NaN.</summary>
        NotFinite = (int)sched_status.SCHED_ERROR_NOT_FINITE,

        /// <summary>A buffer is too small.</summary>
        Capacity = (int)sched_status.SCHED_ERROR_CAPACITY,

        /// <summary>Saved bytes are truncated or changed.</summary>
        Damaged = (int)sched_status.SCHED_ERROR_DAMAGED,

        /// <summary>Saved bytes belong to another configuration.</summary>
        Mismatch = (int)sched_status.SCHED_ERROR_MISMATCH,

        /// <summary>Valid, but not in this build.</summary>
        Unsupported = (int)sched_status.SCHED_ERROR_UNSUPPORTED,

        /// <summary>An allocation failed.</summary>
        Memory = (int)sched_status.SCHED_ERROR_MEMORY,

        /// <summary>A bug in the library: please report it.</summary>
        Internal = (int)sched_status.SCHED_ERROR_INTERNAL,

        /// <summary>The Vulkan device is gone; see <see cref="State.CanContinue"/>.</summary>
        DeviceLost = (int)sched_status.SCHED_ERROR_DEVICE_LOST,

        /// <summary>The Vulkan device has no memory left.</summary>
        DeviceMemory = (int)sched_status.SCHED_ERROR_DEVICE_MEMORY,

        /// <summary>Another failure of Vulkan, named in the sentence.</summary>
        Vulkan = (int)sched_status.SCHED_ERROR_VULKAN,

        /// <summary>Another call is inside the state.</summary>
        InUse = (int)sched_status.SCHED_ERROR_IN_USE,
    }
}

using Microsoft.Win32.SafeHandles;
using Sched.Raw;

namespace Sched
{
    // P/Invoke counts the calls that run on a SafeHandle: one that is disposed of meanwhile is freed
    // when they are over, and is refused from then on.  NULL is an invalid handle, and may be passed.

    internal sealed unsafe class SchedulerHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public SchedulerHandle()
            : base(ownsHandle: true)
        {
        }

        protected override bool ReleaseHandle()
        {
            Native.free_scheduler((void*)handle);
            return true;
        }
    }

    internal sealed unsafe class StateHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public StateHandle()
            : base(ownsHandle: true)
        {
        }

        protected override bool ReleaseHandle()
        {
            Native.free_state((void*)handle);
            return true;
        }
    }

    internal sealed unsafe class VulkanHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        /// <summary>NULL: no device of Vulkan's.</summary>
        internal static readonly VulkanHandle None = new VulkanHandle();

        public VulkanHandle()
            : base(ownsHandle: true)
        {
        }

        protected override bool ReleaseHandle()
        {
            Native.free_vulkan((void*)handle);
            return true;
        }
    }
}

using System;
using Sched.Raw;

namespace Sched
{
    /// <summary>The native library that is running. Any thread.</summary>
    public static unsafe class Library
    {
        /// <summary>Its version, "0.1.0".</summary>
        public static string Version => Text.Decode(Native.sched_version_string());

        /// <summary>Its version, major * 10000 + minor * 100 + patch.</summary>
        public static int VersionNumber => Native.sched_version_number();

        /// <summary>True where this build of the library has the kernel.</summary>
        /// <param name="kernel">Any number is fine.</param>
        public static bool IsAvailable(Kernel kernel) =>
            Native.sched_kernel_available((sched_kernel)kernel) != 0;

        /// <summary>The name of a status in C, "SCHED_ERROR_SHAPE".</summary>
        /// <param name="status">Any number is fine.</param>
        public static string StatusName(Status status) =>
            Text.Decode(Native.sched_status_name((sched_status)status));

        /// <summary>What a quirk does, in a sentence; null where there is none of that name.</summary>
        /// <param name="name">One of <see cref="Scheduler.Quirks"/>.</param>
        /// <exception cref="ArgumentException">The name is null, or has a zero inside.</exception>
        public static string? QuirkDescription(string name)
        {
            fixed (byte* text = Text.EncodeWithZero(name ?? throw new ArgumentNullException(nameof(name)), nameof(name)))
            {
                return Text.DecodeOrNull(Native.sched_quirk_description(text));
            }
        }
    }
}

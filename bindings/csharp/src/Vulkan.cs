using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// A Vulkan device that states run on: <see cref="InitOptions.Vulkan"/>. Any number of threads may
    /// use it. States keep the native device alive.
    /// </summary>
    /// <remarks>
    /// In a build of the library without Vulkan everything here says Unsupported. Every member but the
    /// static ones throws <see cref="ObjectDisposedException"/> after <see cref="Dispose"/>.
    /// </remarks>
    public sealed unsafe class Vulkan : IDisposable
    {
        // A library without Vulkan writes no sentence.
        private const string NoSentence = "no Vulkan device; this build of the library may have no Vulkan";

        /// <summary>Makes a context with a device of its own.</summary>
        /// <param name="options">Which device; null for the most suitable.</param>
        /// <exception cref="ArgumentException">A name is null, or has a zero inside.</exception>
        /// <exception cref="SchedException">
        /// Unsupported where there is no loader, no such device, none with a compute queue, no such
        /// extension, or no Vulkan in this build; Value for a limit that is out of range; those of
        /// Vulkan.
        /// </exception>
        public Vulkan(VulkanOptions? options = null)
        {
            options ??= new VulkanOptions();
            foreach (var extension in options.DeviceExtensions)
            {
                if (string.IsNullOrEmpty(extension))
                {
                    throw new ArgumentException("a device extension has no name", nameof(options));
                }
            }

            var extensions = options.DeviceExtensions.Count > 0 ? string.Join(" ", options.DeviceExtensions) : null;
            var message = stackalloc byte[Text.MessageCapacity];
            message[0] = 0;
            int status;
            using (var limits = options.Limits?.ToRaw())
            {
                fixed (byte* name = Text.EncodeWithZero(options.DeviceName, nameof(options)))
                fixed (byte* names = Text.EncodeWithZero(extensions, nameof(options)))
                {
                    Handle = Native.sched_flat_vulkan_create(
                        options.DeviceIndex ?? -1, name, names, limits, message, Text.MessageCapacity, &status);
                }
            }

            ThrowIfFailed(status, message);
        }

        private Vulkan(VulkanHandle handle)
        {
            Handle = handle;
        }

        /// <summary>The devices of this machine, as the loader gives them; empty where there is none.</summary>
        /// <exception cref="SchedException">
        /// Unsupported where there is no loader or no Vulkan in this build; Vulkan.
        /// </exception>
        public static IReadOnlyList<VulkanDevice> Devices
        {
            get
            {
                const string Sentence = "the Vulkan devices cannot be listed";
                int count;
                SchedException.ThrowIfFailed(Native.sched_flat_device_count(&count), Sentence);
                using var raw = new sched_vulkan_device();
                var devices = new VulkanDevice[count];
                for (var i = 0; i < count; i++)
                {
                    SchedException.ThrowIfFailed(Native.sched_flat_device_at(i, raw), Sentence);
                    devices[i] = new VulkanDevice(raw);
                }

                return devices;
            }
        }

        /// <summary>What this context runs on.</summary>
        public VulkanInfo Info
        {
            get
            {
                using var raw = new sched_flat_info();
                SchedException.ThrowIfFailed(
                    Native.sched_flat_vulkan_info(Handle, raw), "the context cannot be asked");
                return new VulkanInfo(raw);
            }
        }

        internal VulkanHandle Handle { get; }

        /// <summary>
        /// Makes a context on the application's device. No feature and no extension is needed, and
        /// nothing of the device is changed.
        /// </summary>
        /// <remarks>
        /// Nothing can check the handles: each is valid or zero, they belong together, and they, what
        /// User points to and the functions outlive the context and every state made with it. Lock and
        /// Unlock throw nothing, and exclude every other use of the queue; where they are not given,
        /// nothing but this library uses the queue at the same time.
        /// </remarks>
        /// <param name="options">The handles.</param>
        /// <returns>The context, which the caller disposes of.</returns>
        /// <exception cref="ArgumentNullException">There are no options.</exception>
        /// <exception cref="SchedException">
        /// Argument where a handle is zero or there is Lock without Unlock; Unsupported where the queue
        /// family has no compute or does not exist, or no Vulkan in this build; as the constructor.
        /// </exception>
        public static Vulkan Import(VulkanImportOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException(nameof(options));
            }

            var message = stackalloc byte[Text.MessageCapacity];
            message[0] = 0;
            int status;
            using var raw = options.ToRaw();
            using var limits = options.Limits?.ToRaw();
            var handle = Native.sched_flat_vulkan_import(raw, limits, message, Text.MessageCapacity, &status);
            ThrowIfFailed(status, message);
            return new Vulkan(handle);
        }

        /// <summary>
        /// The pipelines that the driver compiled, as bytes for the application to keep. Compiles them
        /// where no state was made yet.
        /// </summary>
        /// <exception cref="SchedException">DeviceLost, Vulkan.</exception>
        public byte[] Cache()
        {
            const string Sentence = "the pipeline cache cannot be read";
            while (true)
            {
                ulong size;
                SchedException.ThrowIfFailed(Native.sched_vulkan_get_cache(Handle, null, 0, &size), Sentence);
                var bytes = new byte[size];
                sched_status status;
                fixed (byte* to = bytes)
                {
                    status = Native.sched_vulkan_get_cache(Handle, to, size, &size);
                }

                // Another thread's use of the context may let the cache grow between the two calls.
                if (status != sched_status.SCHED_ERROR_CAPACITY)
                {
                    SchedException.ThrowIfFailed(status, Sentence);
                    Array.Resize(ref bytes, (int)size);
                    return bytes;
                }
            }
        }

        /// <summary>
        /// Takes such bytes up, before the first state is made. They are checked before the driver sees
        /// them.
        /// </summary>
        /// <param name="bytes">What <see cref="Cache"/> gave.</param>
        /// <exception cref="SchedException">
        /// Damaged where they are truncated, changed, or no such bytes; Mismatch where they are of another
        /// device, driver, or version of the library; Conflict where the pipelines are compiled already;
        /// Vulkan.
        /// </exception>
        public void SetCache(ReadOnlySpan<byte> bytes)
        {
            byte empty;
            fixed (byte* from = &MemoryMarshal.GetReference(bytes))
            {
                SchedException.ThrowIfFailed(
                    Native.sched_vulkan_set_cache(Handle, from == null ? &empty : from, (ulong)bytes.Length),
                    "the pipeline cache was not taken up");
            }
        }

        /// <summary>
        /// Releases it. Its states stay valid. More than once is fine; a call that another thread has
        /// running is finished first.
        /// </summary>
        public void Dispose() => Handle.Dispose();

        private static void ThrowIfFailed(int status, byte* message) =>
            SchedException.ThrowIfFailed((sched_status)status, message[0] == 0 ? NoSentence : Text.Decode(message));
    }
}

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// A scheduler: a configuration that was read and found right. It is immutable, and any number of
    /// threads may use it at a time. States do not need it to stay.
    /// </summary>
    public sealed unsafe class Scheduler : IDisposable
    {
        private readonly SchedulerHandle handle;

        /// <summary>
        /// Reads a configuration, JSON: either a diffusers <c>scheduler_config.json</c>, where
        /// <c>_class_name</c> names the method and missing keys take that class's defaults, or our own
        /// composition, <c>{"solver": ..., "schedule": ..., "grid": ..., "parameterization": ...,
        /// "quirks": [...]}</c>.
        /// </summary>
        /// <param name="config">The text.</param>
        /// <param name="lenient">
        /// Makes <see cref="Warnings"/> of unknown and unused keys, for published files that carry
        /// stray ones. Otherwise a key that does not belong is an error, but for those that begin with
        /// an underscore.
        /// </param>
        /// <exception cref="ArgumentException">There is no text, or it has half a surrogate pair.</exception>
        /// <exception cref="SchedException">
        /// Json, UnknownClass, UnknownKey, Type, Value, Conflict, Memory.
        /// </exception>
        public Scheduler(string config, bool lenient = false)
            : this(Text.Encode(config ?? throw new ArgumentNullException(nameof(config))), lenient)
        {
        }

        /// <summary>Reads a configuration, as a file has it.</summary>
        /// <param name="config">UTF-8.</param>
        /// <param name="lenient">As above.</param>
        /// <exception cref="SchedException">As above.</exception>
        public Scheduler(ReadOnlySpan<byte> config, bool lenient = false)
        {
            var message = stackalloc byte[Text.MessageCapacity];
            message[0] = 0;
            int status;

            // An empty text is a text: it has an address too.
            fixed (byte* text = &MemoryMarshal.GetReference(config.IsEmpty ? new byte[1] : config))
            {
                handle = Native.sched_flat_create(
                    text, config.Length, lenient ? 1 : 0, message, Text.MessageCapacity, &status);
            }

            SchedException.ThrowIfFailed((sched_status)status, Text.Decode(message));
        }

        /// <summary>Which method this is.</summary>
        /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
        public Method Method => Method.At(Native.sched_method(handle));

        /// <summary>What a lenient scheduler collected.</summary>
        /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
        public IReadOnlyList<string> Warnings
        {
            get
            {
                // Counted, so that what another thread disposes of stays until its texts are copied.
                var isCounted = false;
                handle.DangerousAddRef(ref isCounted);
                try
                {
                    var warnings = new string[Native.sched_warning_count(handle)];
                    for (var i = 0; i < warnings.Length; i++)
                    {
                        warnings[i] = Text.Decode(Native.sched_warning(handle, i));
                    }

                    return warnings;
                }
                finally
                {
                    handle.DangerousRelease();
                }
            }
        }

        /// <summary>
        /// The quirks that are on: what diffusers does that a paper does not. They come with diffusers
        /// files; our own composition has those that its key "quirks" lists.
        /// <see cref="Library.QuirkDescription"/> says what each does.
        /// </summary>
        /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
        public IReadOnlyList<string> Quirks
        {
            get
            {
                var quirks = new string[Native.sched_quirk_count(handle)];
                for (var i = 0; i < quirks.Length; i++)
                {
                    quirks[i] = Text.Decode(Native.sched_quirk(handle, i));
                }

                return quirks;
            }
        }

        /// <summary>
        /// Starts a loop: plans every step in float64, checks it, and reserves the memory that the
        /// method needs.
        /// </summary>
        /// <param name="options">The loop; its lists are copied.</param>
        /// <returns>The state, which the caller disposes of.</returns>
        /// <exception cref="ArgumentNullException">There are no options.</exception>
        /// <exception cref="ObjectDisposedException">It, or the Vulkan device, was disposed of.</exception>
        /// <exception cref="SchedException">
        /// Steps, Timesteps, Option, Conflict, Value, Shape, Dtype, NotFinite, Unsupported, Memory, and
        /// those of Vulkan.
        /// </exception>
        public State Init(InitOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException(nameof(options));
            }

            var message = stackalloc byte[Text.MessageCapacity];
            message[0] = 0;
            int status;
            StateHandle state;
            using (var raw = options.ToRaw())
            {
                fixed (double* timesteps = Given(options.Timesteps), sigmas = Given(options.Sigmas))
                fixed (ulong* seeds = Given(options.ItemSeeds))
                {
                    state = Native.sched_flat_init(
                        handle,
                        raw,
                        timesteps,
                        options.Timesteps?.Length ?? 0,
                        sigmas,
                        options.Sigmas?.Length ?? 0,
                        seeds,
                        options.ItemSeeds?.Length ?? 0,
                        options.Vulkan?.Handle ?? VulkanHandle.None,
                        message,
                        Text.MessageCapacity,
                        &status);
                }
            }

            SchedException.ThrowIfFailed((sched_status)status, Text.Decode(message));
            return new State(state);
        }

        /// <summary>
        /// Releases it. Its states stay valid. More than once is fine; a call that another thread has
        /// running is finished first.
        /// </summary>
        public void Dispose() => handle.Dispose();

        /// <summary>An empty list is a list, of the wrong length: it has an address too.</summary>
        private static T[]? Given<T>(T[]? list)
            where T : unmanaged =>
            list != null && list.Length == 0 ? new T[1] : list;
    }
}

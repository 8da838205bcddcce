using System;
using System.Collections.Generic;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// A name by which people know a sampler or a schedule elsewhere. Immutable; any thread.
    /// </summary>
    public sealed unsafe class Name
    {
        private Name(sched_name_info info)
        {
            Kind = (NameKind)info.kind;
            System = Text.Decode(info.system);
            Value = Text.Decode(info.name);
            Composition = Text.Decode(info.composition);
        }

        /// <summary>Every name that the library knows.</summary>
        public static IReadOnlyList<Name> All
        {
            get
            {
                using var info = new sched_name_info();
                var names = new Name[Native.sched_name_count()];
                for (var i = 0; i < names.Length; i++)
                {
                    SchedException.ThrowIfFailed(
                        Native.sched_name_at(i, info), "there is no name with this index");
                    names[i] = new Name(info);
                }

                return names;
            }
        }

        /// <summary>What it stands for.</summary>
        public NameKind Kind { get; }

        /// <summary>"diffusers", "ComfyUI", "A1111", "stable-diffusion.cpp", ...</summary>
        public string System { get; }

        /// <summary>As people write it: "DPM++ 2M Karras".</summary>
        public string Value { get; }

        /// <summary>Ours, as JSON: <c>{"solver": "dpmpp_2m", "grid": "karras"}</c>.</summary>
        public string Composition { get; }

        /// <summary>
        /// Finds a name; upper and lower case are the same. Null where there is none, since asking is
        /// not an error.
        /// </summary>
        /// <param name="name">As people write it.</param>
        /// <param name="system">Where it comes from; null takes the first that has it.</param>
        /// <exception cref="ArgumentException">The name is null, or one of them has a zero inside.</exception>
        public static Name? Find(string name, string? system = null)
        {
            using var info = new sched_name_info();
            fixed (byte* text = Text.EncodeWithZero(name ?? throw new ArgumentNullException(nameof(name)), nameof(name)))
            fixed (byte* of = Text.EncodeWithZero(system, nameof(system)))
            {
                return Native.sched_name_find(text, of, info) == sched_status.SCHED_OK ? new Name(info) : null;
            }
        }
    }
}

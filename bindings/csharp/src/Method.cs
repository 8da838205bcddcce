using System;
using System.Collections.Generic;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// What a method is and what a step of it costs, before anything is run. Immutable; any thread.
    /// </summary>
    public sealed unsafe class Method
    {
        private Method(int index, sched_method_info info)
        {
            Index = index;
            Name = Text.Decode(info.name);
            ClassName = Text.Decode(info.class_name);
            Paper = Text.Decode(info.paper);
            CallsPerStep = info.calls_per_step;
            MemoryRows = info.memory_rows;
            DrawsPerStep = info.draws_per_step;
            MaxOrder = info.max_order;
            Stochastic = (Stochastic)info.stochastic;
        }

        /// <summary>Every method of the library, in order of <see cref="Index"/>.</summary>
        public static IReadOnlyList<Method> All
        {
            get
            {
                var methods = new Method[Native.sched_method_count()];
                for (var i = 0; i < methods.Length; i++)
                {
                    methods[i] = At(i);
                }

                return methods;
            }
        }

        /// <summary>Its place in <see cref="All"/>.</summary>
        public int Index { get; }

        /// <summary>Solver name in our own composition: "euler".</summary>
        public string Name { get; }

        /// <summary>diffusers class, "EulerDiscreteScheduler"; empty for a solver of our own composition.</summary>
        public string ClassName { get; }

        /// <summary>Where the method was published.</summary>
        public string Paper { get; }

        /// <summary>Model calls per step (PNDM's start takes more).</summary>
        public int CallsPerStep { get; }

        /// <summary>Sample-sized rows that a state keeps, at most.</summary>
        public int MemoryRows { get; }

        /// <summary>Normal draws per step, at most.</summary>
        public int DrawsPerStep { get; }

        /// <summary>Highest order of accuracy, without noise.</summary>
        public int MaxOrder { get; }

        /// <summary>Whether it draws noise.</summary>
        public Stochastic Stochastic { get; }

        /// <summary>The options of this method.</summary>
        public IReadOnlyList<MethodOption> Options
        {
            get
            {
                using var info = new sched_option_info();
                var options = new MethodOption[Math.Max(0, Native.sched_option_count(Index))];
                for (var i = 0; i < options.Length; i++)
                {
                    SchedException.ThrowIfFailed(
                        Native.sched_option_at(Index, i, info), "there is no option with this index");
                    options[i] = new MethodOption(info);
                }

                return options;
            }
        }

        /// <summary>
        /// The method of this diffusers class, or solver of our own composition; null where there is
        /// none, since asking is not an error.
        /// </summary>
        /// <param name="name">"EulerDiscreteScheduler" or "euler".</param>
        /// <exception cref="ArgumentException">The name is null, or has a zero inside.</exception>
        public static Method? Find(string name)
        {
            int index;
            fixed (byte* text = Text.EncodeWithZero(name ?? throw new ArgumentNullException(nameof(name)), nameof(name)))
            {
                return Native.sched_method_find(text, &index) == sched_status.SCHED_OK ? At(index) : null;
            }
        }

        internal static Method At(int index)
        {
            using var info = new sched_method_info();
            SchedException.ThrowIfFailed(
                Native.sched_method_at(index, info), "there is no method with this index");
            return new Method(index, info);
        }
    }

    /// <summary>
    /// One option of a method. Keys of a solver of our own composition are those of its section
    /// "solver".
    /// </summary>
    public sealed unsafe class MethodOption
    {
        internal MethodOption(sched_option_info info)
        {
            AtInit = info.at_init != 0;
            Name = Text.Decode(info.name);
            Type = Text.Decode(info.type);
            DefaultValue = Text.Decode(info.default_value);
            Allowed = Text.Decode(info.allowed);
        }

        /// <summary>False: a key of the configuration. True: a member of <see cref="InitOptions"/>.</summary>
        public bool AtInit { get; }

        /// <summary>"timestep_spacing"</summary>
        public string Name { get; }

        /// <summary>"boolean", "integer", "number", "string", "list" or "null".</summary>
        public string Type { get; }

        /// <summary>As JSON: "\"linspace\"".</summary>
        public string DefaultValue { get; }

        /// <summary>"linspace | leading | trailing", or empty.</summary>
        public string Allowed { get; }
    }
}

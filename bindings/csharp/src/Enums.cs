using Sched.Raw;

namespace Sched
{
    /// <summary>The type of a tensor's values. Arithmetic is float32, but for <see cref="Float64"/>.</summary>
    public enum Dtype
    {
        /// <summary>IEEE binary32, <see cref="float"/>.</summary>
        Float32 = (int)sched_dtype.SCHED_F32,

        /// <summary>IEEE binary16, <c>Half</c>.</summary>
        Float16 = (int)sched_dtype.SCHED_F16,

        /// <summary>bfloat16: the upper half of a <see cref="float"/>.</summary>
        BFloat16 = (int)sched_dtype.SCHED_BF16,

        /// <summary>IEEE binary64, <see cref="double"/>; only <see cref="Kernel.Reference"/>.</summary>
        Float64 = (int)sched_dtype.SCHED_F64,
    }

    /// <summary>What runs a state's steps.</summary>
    public enum Kernel
    {
        /// <summary>The library's choice.</summary>
        Default = (int)sched_kernel.SCHED_KERNEL_DEFAULT,

        /// <summary>A plain loop in float64: the definition of correct.</summary>
        Reference = (int)sched_kernel.SCHED_KERNEL_REFERENCE,

        /// <summary>One pass, SIMD, instruction set chosen at run time.</summary>
        Fused = (int)sched_kernel.SCHED_KERNEL_FUSED,

        /// <summary>OpenBLAS, tiled.</summary>
        Blas = (int)sched_kernel.SCHED_KERNEL_BLAS,

        /// <summary>Compute shaders; see <see cref="Sched.Vulkan"/>.</summary>
        Vulkan = (int)sched_kernel.SCHED_KERNEL_VULKAN,
    }

    /// <summary>Whose normals a loop draws.</summary>
    public enum Generator
    {
        /// <summary>The library's own.</summary>
        Philox = (int)sched_generator.SCHED_GENERATOR_PHILOX,

        /// <summary>torch.randn() on a CPU.</summary>
        TorchCpu = (int)sched_generator.SCHED_GENERATOR_TORCH_CPU,

        /// <summary>torch.randn() on a card, which has to be named.</summary>
        TorchCuda = (int)sched_generator.SCHED_GENERATOR_TORCH_CUDA,

        /// <summary>Nx, and JAX with jax_threefry_partitionable off; the seed is the key.</summary>
        Nx = (int)sched_generator.SCHED_GENERATOR_NX,

        /// <summary>JAX as it is now; the seed is the key.</summary>
        Jax = (int)sched_generator.SCHED_GENERATOR_JAX,

        /// <summary>None: every normal is handed in.</summary>
        Caller = (int)sched_generator.SCHED_GENERATOR_CALLER,
    }

    /// <summary>Which draws a reference takes from its generator besides those that a method needs.</summary>
    public enum DrawPolicy
    {
        /// <summary>None is thrown away.</summary>
        None = (int)sched_draw_policy.SCHED_DRAWS_NONE,

        /// <summary>Those of a diffusers class.</summary>
        Diffusers = (int)sched_draw_policy.SCHED_DRAWS_DIFFUSERS,

        /// <summary>Those of a sampler of k-diffusion.</summary>
        KDiffusion = (int)sched_draw_policy.SCHED_DRAWS_K_DIFFUSION,

        /// <summary>Those of ComfyUI, whose steps have another seed than the first sample.</summary>
        ComfyUi = (int)sched_draw_policy.SCHED_DRAWS_COMFYUI,

        /// <summary>Those of Bumblebee, with a key for each item.</summary>
        Bumblebee = (int)sched_draw_policy.SCHED_DRAWS_BUMBLEBEE,
    }

    /// <summary>Whether a method draws noise.</summary>
    public enum Stochastic
    {
        /// <summary>It never does.</summary>
        Never = 0,

        /// <summary>Where an option asks for it.</summary>
        Optional = 1,

        /// <summary>It always does.</summary>
        Always = 2,
    }

    /// <summary>What a <see cref="Name"/> stands for.</summary>
    public enum NameKind
    {
        /// <summary>Its composition has a solver, and a grid where the name says one.</summary>
        Sampler = (int)sched_name_kind.SCHED_NAME_SAMPLER,

        /// <summary>Its composition has a grid only.</summary>
        Schedule = (int)sched_name_kind.SCHED_NAME_SCHEDULE,
    }
}

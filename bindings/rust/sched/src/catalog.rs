//! What the library knows: methods, their options, names used elsewhere, quirks.

use std::ffi::CString;
use std::ptr;

use sched_sys as sys;

use crate::error::static_str;
use crate::{Error, Result, Status};

/// Whether a method draws noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stochastic {
    /// It never does.
    Never,
    /// Where an option asks for it.
    Optional,
    /// It always does.
    Always,
}

/// What a method is and what a step of it costs, before anything is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Method {
    /// Its place in [`methods`].
    pub index: usize,
    /// Solver name in our own composition: "euler".
    pub name: &'static str,
    /// diffusers class, "EulerDiscreteScheduler"; empty for a solver of our own composition.
    pub class_name: &'static str,
    /// Where the method was published.
    pub paper: &'static str,
    /// Model calls per step (PNDM's start takes more).
    pub calls_per_step: u32,
    /// Sample-sized rows that a state keeps, at most.
    pub memory_rows: u32,
    /// Normal draws per step, at most.
    pub draws_per_step: u32,
    /// Highest order of accuracy, without noise.
    pub max_order: u32,
    /// Whether it draws noise.
    pub stochastic: Stochastic,
}

impl Method {
    pub(crate) fn at(index: i32) -> Result<Self> {
        let mut info = sys::sched_method_info::default();
        // SAFETY: `info` is a struct of the size that it says.
        let code = unsafe { sys::sched_method_at(index, &mut info) };
        crate::error::check(code, "there is no method with this index")?;
        // SAFETY: strings of methods are static.
        let text = |text| unsafe { static_str(text) };
        Ok(Self {
            index: count(index),
            name: text(info.name),
            class_name: text(info.class_name),
            paper: text(info.paper),
            calls_per_step: small(info.calls_per_step),
            memory_rows: small(info.memory_rows),
            draws_per_step: small(info.draws_per_step),
            max_order: small(info.max_order),
            stochastic: match info.stochastic {
                0 => Stochastic::Never,
                1 => Stochastic::Optional,
                _ => Stochastic::Always,
            },
        })
    }

    /// The method of this diffusers class, or solver of our own composition.  Nothing where
    /// there is none, since asking is not an error.
    pub fn find(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        let mut index = -1;
        // SAFETY: a string that ends in zero, and a place for the index.
        match unsafe { sys::sched_method_find(name.as_ptr(), &mut index) } {
            sys::SCHED_OK => Self::at(index).ok(),
            _ => None,
        }
    }

    /// The options of this method.
    pub fn options(&self) -> Vec<MethodOption> {
        let method = self.index as i32;
        // SAFETY: takes any index; each `info` is a struct of the size that it says.
        let count = unsafe { sys::sched_option_count(method) };
        let at = |index| {
            let mut info = sys::sched_option_info::default();
            // SAFETY: as above.
            let code = unsafe { sys::sched_option_at(method, index, &mut info) };
            (code == sys::SCHED_OK).then(|| MethodOption::from(info))
        };
        (0..count).filter_map(at).collect()
    }
}

/// Every method, in order of index.
pub fn methods() -> Vec<Method> {
    // SAFETY: takes no argument.
    let count = unsafe { sys::sched_method_count() };
    (0..count).filter_map(|i| Method::at(i).ok()).collect()
}

/// One option of a method.  Keys of a solver of our own composition are those of its section
/// "solver".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodOption {
    /// False: a key of the configuration.  True: an option of [`InitOptions`](crate::InitOptions).
    pub at_init: bool,
    /// "timestep_spacing"
    pub name: &'static str,
    /// "boolean", "integer", "number", "string", "list" or "null"
    pub kind: &'static str,
    /// As JSON: "\"linspace\"".
    pub default: &'static str,
    /// "linspace | leading | trailing", or empty.
    pub allowed: &'static str,
}

impl From<sys::sched_option_info> for MethodOption {
    fn from(info: sys::sched_option_info) -> Self {
        // SAFETY: strings of options are static.
        let text = |text| unsafe { static_str(text) };
        Self {
            at_init: info.at_init != 0,
            name: text(info.name),
            kind: text(info.type_),
            default: text(info.default_value),
            allowed: text(info.allowed),
        }
    }
}

/// What a [`Name`] stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// Its composition has a solver, and a grid where the name says one.
    Sampler,
    /// Its composition has a grid only.
    Schedule,
}

/// A name by which people know a sampler or a schedule elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Name {
    /// What it stands for.
    pub kind: NameKind,
    /// "diffusers", "ComfyUI", "A1111", "stable-diffusion.cpp", ...
    pub system: &'static str,
    /// As people write it: "DPM++ 2M Karras".
    pub name: &'static str,
    /// Ours, as JSON: `{"solver": "dpmpp_2m", "grid": "karras"}`.
    pub composition: &'static str,
}

impl Name {
    /// Finds a name; upper and lower case are the same.  `system` says where it comes from;
    /// `None` takes the first that has it.  Nothing where there is no such name.
    pub fn find(name: &str, system: Option<&str>) -> Option<Self> {
        let name = CString::new(name).ok()?;
        let system = system.map(CString::new).transpose().ok()?;
        let system = system.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let mut info = sys::sched_name_info::default();
        // SAFETY: strings that end in zero, and a struct of the size that it says.
        match unsafe { sys::sched_name_find(name.as_ptr(), system, &mut info) } {
            sys::SCHED_OK => Some(info.into()),
            _ => None,
        }
    }
}

impl From<sys::sched_name_info> for Name {
    fn from(info: sys::sched_name_info) -> Self {
        // SAFETY: strings of names are static.
        let text = |text| unsafe { static_str(text) };
        Self {
            kind: match info.kind {
                sys::SCHED_NAME_SCHEDULE => NameKind::Schedule,
                _ => NameKind::Sampler,
            },
            system: text(info.system),
            name: text(info.name),
            composition: text(info.composition),
        }
    }
}

/// Every name by which samplers and schedules are known elsewhere.
pub fn names() -> Vec<Name> {
    let at = |index| {
        let mut info = sys::sched_name_info::default();
        // SAFETY: `info` is a struct of the size that it says.
        let code = unsafe { sys::sched_name_at(index, &mut info) };
        (code == sys::SCHED_OK).then(|| Name::from(info))
    };
    // SAFETY: takes no argument.
    let count = unsafe { sys::sched_name_count() };
    (0..count).filter_map(at).collect()
}

/// What a quirk does, in a sentence; nothing where there is none of that name.
pub fn quirk_description(name: &str) -> Option<&'static str> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends in zero; descriptions are static.
    let text = unsafe { static_str(sys::sched_quirk_description(name.as_ptr())) };
    (!text.is_empty()).then_some(text)
}

/// Whose normals a loop draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Generator {
    /// The library's own.
    #[default]
    Philox,
    /// `torch.randn()` on a CPU.
    TorchCpu,
    /// `torch.randn()` on a card, which has to be named.
    TorchCuda,
    /// Nx, and JAX with jax_threefry_partitionable off; the seed is the key.
    Nx,
    /// JAX as it is now; the seed is the key.
    Jax,
    /// None: every normal is handed in.
    Caller,
}

impl Generator {
    pub(crate) fn code(self) -> sys::sched_generator {
        match self {
            Generator::Philox => sys::SCHED_GENERATOR_PHILOX,
            Generator::TorchCpu => sys::SCHED_GENERATOR_TORCH_CPU,
            Generator::TorchCuda => sys::SCHED_GENERATOR_TORCH_CUDA,
            Generator::Nx => sys::SCHED_GENERATOR_NX,
            Generator::Jax => sys::SCHED_GENERATOR_JAX,
            Generator::Caller => sys::SCHED_GENERATOR_CALLER,
        }
    }
}

/// Which draws besides those that a method needs a reference takes from its generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DrawPolicy {
    /// None is thrown away.
    #[default]
    None,
    /// Those of a diffusers class.
    Diffusers,
    /// Those of a sampler of k-diffusion.
    KDiffusion,
    /// Those of ComfyUI, whose steps have another seed than the first sample.
    ComfyUi,
    /// Those of Bumblebee, with a key for each item.
    Bumblebee,
}

impl DrawPolicy {
    pub(crate) fn code(self) -> sys::sched_draw_policy {
        match self {
            DrawPolicy::None => sys::SCHED_DRAWS_NONE,
            DrawPolicy::Diffusers => sys::SCHED_DRAWS_DIFFUSERS,
            DrawPolicy::KDiffusion => sys::SCHED_DRAWS_K_DIFFUSION,
            DrawPolicy::ComfyUi => sys::SCHED_DRAWS_COMFYUI,
            DrawPolicy::Bumblebee => sys::SCHED_DRAWS_BUMBLEBEE,
        }
    }
}

/// The cards whose numbers the library knows, for [`InitOptions::cuda_card`](crate::InitOptions::cuda_card).
pub fn cuda_cards() -> Vec<&'static str> {
    let mut cards = Vec::new();
    loop {
        // SAFETY: takes any number; names are static.
        let name = unsafe { sys::sched_cuda_card_name(cards.len() as i32) };
        if name.is_null() {
            return cards;
        }
        // SAFETY: not NULL, and static.
        cards.push(unsafe { static_str(name) });
    }
}

/// What runs a state's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Kernel {
    /// The library's choice.
    #[default]
    Default,
    /// A plain loop in float64: the definition of correct.
    Reference,
    /// One pass, SIMD, instruction set chosen at run time.
    Fused,
    /// OpenBLAS, tiled.
    Blas,
    /// Compute shaders; see [`Vulkan`](crate::Vulkan).
    Vulkan,
}

impl Kernel {
    pub(crate) fn code(self) -> sys::sched_kernel {
        match self {
            Kernel::Default => sys::SCHED_KERNEL_DEFAULT,
            Kernel::Reference => sys::SCHED_KERNEL_REFERENCE,
            Kernel::Fused => sys::SCHED_KERNEL_FUSED,
            Kernel::Blas => sys::SCHED_KERNEL_BLAS,
            Kernel::Vulkan => sys::SCHED_KERNEL_VULKAN,
        }
    }

    pub(crate) fn from_code(code: i32) -> Result<Self> {
        Ok(match code {
            sys::SCHED_KERNEL_DEFAULT => Kernel::Default,
            sys::SCHED_KERNEL_REFERENCE => Kernel::Reference,
            sys::SCHED_KERNEL_FUSED => Kernel::Fused,
            sys::SCHED_KERNEL_BLAS => Kernel::Blas,
            sys::SCHED_KERNEL_VULKAN => Kernel::Vulkan,
            _ => {
                return Err(Error::new(
                    Status::Other(code),
                    "a kernel of a newer library",
                ))
            }
        })
    }

    /// True where this build of the library has the kernel.
    pub fn is_available(self) -> bool {
        // SAFETY: takes any number.
        unsafe { sys::sched_kernel_available(self.code()) != 0 }
    }
}

/// Version of the library that is running, "0.1.0".
pub fn version() -> &'static str {
    // SAFETY: the string is static.
    unsafe { static_str(sys::sched_version_string()) }
}

/// Version of the library that is running, major * 10000 + minor * 100 + patch.
pub fn version_number() -> u32 {
    // SAFETY: takes no argument.
    small(unsafe { sys::sched_version_number() })
}

/// A count of the library's; what it says of NULL, -1, does not come up.
pub(crate) fn count(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(0)
}

pub(crate) fn small(number: i32) -> u32 {
    number.try_into().unwrap_or(0)
}

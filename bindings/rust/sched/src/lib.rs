//! The scheduler (sampler) engine of diffusion models: reads the `scheduler_config.json` of a
//! checkpoint and turns sample and prediction into the next sample.
//!
//! ```
//! use sched::{InitOptions, Scheduler};
//!
//! fn main() -> sched::Result<()> {
//!     let scheduler = Scheduler::new(
//!         r#"{"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true}"#,
//!     )?;
//!     let mut state = scheduler.init(&InitOptions::new(20, 4))?;
//!     let (levels, mut sample) = (state.levels()?, [0f32; 4]);
//!     state.initial_noise(&mut sample)?;
//!     for level in &levels[..20] {
//!         // Your model here; this one has seen only the number 1.
//!         let noise = sample.map(|x| (x - level.alpha as f32) / level.sigma as f32);
//!         state.step_in_place(&mut sample, &noise)?;
//!     }
//!     println!("{sample:?}");
//! #   assert!(sample.iter().all(|x| (x - 1.0).abs() < 1e-5));
//!     Ok(())
//! }
//! ```
//!
//! - A [`Scheduler`] is a configuration, immutable and shared by any number of threads.
//! - A [`State`] is one loop, for one thread at a time.  [`State::step`] moves it; when no call
//!   is left, [`State::next_call`] gives nothing.
//! - [`StepArgs`] is what one pass over memory can do besides: the caller's own noise, the
//!   denoised preview, the next model input already scaled, guidance, masks, times per token.
//! - A [`Tensor`] is a slice of the caller's: `&[f32]`, `&[f64]`, or `&[u16]` tagged as a half
//!   type.  Nothing is copied.
//! - An [`Error`] has a [`Status`] and a sentence that says what is wrong and what is allowed.
//!   A call that failed changed nothing and may be tried again.
//!
//! Objects may be dropped in any order: a state keeps its scheduler and its device alive.
//!
//! Noise levels follow x = alpha * x0 + sigma * n.  Timesteps are in units of the training
//! schedule.  The manual, with methods, names and compositions, is the library's README and its
//! header `sched/sched.h`.

#![deny(missing_docs)]
#![forbid(unsafe_op_in_unsafe_fn)]

mod catalog;
mod error;
mod options;
mod scheduler;
mod state;
mod step;
mod tensor;
pub mod vulkan;
mod weights;

pub use catalog::{
    cuda_cards, methods, names, quirk_description, version, version_number, DrawPolicy, Generator,
    Kernel, Method, MethodOption, Name, NameKind, Stochastic,
};
pub use error::{Error, Result, Status};
pub use options::InitOptions;
pub use scheduler::Scheduler;
pub use state::{Attempts, Call, Level, State};
pub use step::StepArgs;
pub use tensor::{Dtype, Tensor, TensorMut};
pub use vulkan::{Vulkan, VulkanOptions};
pub use weights::{Clip, Gain, Input, Output, Row, Weights};

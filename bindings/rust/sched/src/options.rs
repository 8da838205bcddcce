use std::ffi::CString;
use std::marker::PhantomData;

use sched_sys as sys;

use crate::{DrawPolicy, Dtype, Error, Generator, Kernel, Result, Status, Vulkan};

/// One loop: how many steps, of what shape, and what its method takes besides.
///
/// What is not set is not given to the library, and an option that a method does not have is an
/// error, never silent.
///
/// ```
/// # use sched::{InitOptions, Scheduler};
/// # fn main() -> sched::Result<()> {
/// let scheduler = Scheduler::new(r#"{"_class_name": "DDIMScheduler"}"#)?;
/// let options = InitOptions::new(20, 4 * 64 * 64).batch(2).seed(7).eta(0.3);
/// let state = scheduler.init(&options)?;
/// assert_eq!(state.num_steps(), 20);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct InitOptions<'a> {
    c: sys::sched_init_options,
    item_seeds: Option<&'a [u64]>,
    memory: PhantomData<&'a [f64]>,
}

// SAFETY: its pointers come from shared slices and a shared Vulkan context that it borrows.
unsafe impl Send for InitOptions<'_> {}
// SAFETY: as above.
unsafe impl Sync for InitOptions<'_> {}

impl Default for InitOptions<'_> {
    /// No steps and no elements yet.
    fn default() -> Self {
        Self {
            c: sys::sched_init_options::default(),
            item_seeds: None,
            memory: PhantomData,
        }
    }
}

/// The C ABI counts in signed numbers; what it cannot hold is far out of range anyhow.
fn int(number: usize) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn long(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

macro_rules! setters {
    ($($(#[doc = $doc:literal])* $name:ident($($field:ident).+ : $type:ty) = $value:expr;)*) => {
        $(
            $(#[doc = $doc])*
            pub fn $name(mut self, $name: $type) -> Self {
                #[allow(clippy::redundant_closure_call)]
                let value = ($value)($name);
                self.$($field).+ = value;
                self
            }
        )*
    };
}

impl<'a> InitOptions<'a> {
    /// `num_steps` steps on samples of `elements` values per item.
    pub fn new(num_steps: usize, elements: usize) -> Self {
        Self::default().num_steps(num_steps).elements(elements)
    }

    /// Custom timesteps on samples of `elements` values per item.
    pub fn with_timesteps(timesteps: &'a [f64], elements: usize) -> Self {
        Self::default().timesteps(timesteps).elements(elements)
    }

    /// Custom sigmas on samples of `elements` values per item.
    pub fn with_sigmas(sigmas: &'a [f64], elements: usize) -> Self {
        Self::default().sigmas(sigmas).elements(elements)
    }

    setters! {
        /// What diffusers calls num_inference_steps; none with custom lists.
        num_steps(c.num_steps: usize) = int;
        /// First step to run, counted in steps of the whole schedule.
        begin_step(c.begin_step: usize) = int;
        /// One past the last step to run; 0 means all.
        end_step(c.end_step: usize) = int;
        /// Image to image: runs the last part of the schedule, (0, 1].
        strength(c.strength: f64) = |x| x;
        /// Dynamic shift, from the pipeline's sequence length.
        mu(c.mu: f64) = |x| x;
        /// Items, 1 where it is not set.
        batch(c.batch: usize) = long;
        /// Values per item.
        elements(c.elements: usize) = long;
        /// Element type of sample and next; float32 where it is not set.
        dtype(c.dtype: Dtype) = Dtype::code;
        /// What runs the steps.
        kernel(c.kernel: Kernel) = Kernel::code;
        /// Philox: seed of item 0, item k takes seed + k; other generators: of the whole batch.
        seed(c.seed: u64) = |x| x;
        /// A seed for each item instead.
        item_seeds(item_seeds: &'a [u64]) = Some;
        /// DDIM, ancestral and SDE solvers: amount of noise.
        eta(c.eta: f64) = |x| x;
        /// Euler, Heun, DPM-2: churn (Karras et al. 2022, algorithm 2).
        s_churn(c.s_churn: f64) = |x| x;
        /// Lowest sigma that is churned.
        s_tmin(c.s_tmin: f64) = |x| x;
        /// Highest sigma that is churned.
        s_tmax(c.s_tmax: f64) = |x| x;
        /// Solvers with noise of their own: its deviation.
        s_noise(c.s_noise: f64) = |x| x;
        /// LMS, 1 to 4.
        order(c.order: usize) = int;
        /// LCM: steps of the schedule that was distilled.
        original_inference_steps(c.original_inference_steps: usize) = int;
        /// DDIM: derives the prediction again from the clipped x0.
        use_clipped_model_output(c.use_clipped_model_output: bool) = i32::from;
        /// Heun: timesteps of the training schedule.
        num_train_timesteps(c.num_train_timesteps: usize) = int;
        /// RePaint: steps of a jump back.
        jump_length(c.jump_length: usize) = int;
        /// RePaint: how often it jumps.
        jump_n_sample(c.jump_n_sample: usize) = int;
        /// SCM: the first angle, up to pi / 2.
        max_timesteps(c.max_timesteps: f64) = |x| x;
        /// SCM: the second of two angles; 0 spaces them evenly.
        intermediate_timesteps(c.intermediate_timesteps: f64) = |x| x;
        /// Helios: which stage, where there are several.
        stage_index(c.stage_index: usize) = int;
        /// Helios DMD: twice the steps and one.
        is_amplify_first_chunk(c.is_amplify_first_chunk: bool) = i32::from;
        /// Vulkan: recorded calls that may be pending; 0 means all.
        recorded_in_flight(c.recorded_in_flight: usize) = int;
        /// Vulkan: groups in the whole batch of a recorded step; 0 means 64.
        recorded_groups(c.recorded_groups: usize) = int;
        /// Most threads that a step uses, up to 256, out of a pool that the states of a scheduler
        /// share; 0 and 1 mean the calling thread alone.  Bits do not depend on it.
        threads(c.threads: usize) = int;
        /// Element type of the rows that the state keeps; the kernel's own where it is not set.
        history_dtype(c.history_dtype: Dtype) = Dtype::code;
        /// Whose normals the loop draws.
        generator(c.generator: Generator) = Generator::code;
        /// Which draws a reference takes besides.
        draw_policy(c.draw_policy: DrawPolicy) = DrawPolicy::code;
        /// In which torch on a CPU draws, or to which torch on a card rounds; float32 where it is
        /// not set.
        noise_dtype(c.noise_dtype: Dtype) = Dtype::code;
        /// Tensors that the reference draws between first sample and first step; -1 where it did
        /// not draw the first sample.
        extra_draws(c.extra_draws: i32) = |x| x;
        /// Tensors that the reference draws before the first sample: 1 in image to image.
        first_sample_draw(c.first_sample_draw: usize) = int;
        /// Torch on a card: how many multiprocessors it has; see [`Self::cuda_card`].
        cuda_multiprocessors(c.cuda_multiprocessors: usize) = int;
        /// Torch on a card: how many threads each of them runs at once.
        cuda_threads_per_multiprocessor(c.cuda_threads_per_multiprocessor: usize) = int;
        /// Items of the tensor that this is a part of.
        whole_batch(c.whole_batch: usize) = long;
        /// Elements of an item of the tensor that this is a part of.
        whole_elements(c.whole_elements: usize) = long;
        /// Item of the whole at which the part begins.
        first_item(c.first_item: usize) = long;
        /// Element of each item of the whole at which the part begins.
        first_element(c.first_element: usize) = long;
    }

    /// Custom timesteps, falling.  They are copied when the loop is started.
    pub fn timesteps(mut self, timesteps: &'a [f64]) -> Self {
        self.c.timesteps = timesteps.as_ptr();
        self.c.timesteps_count = int(timesteps.len());
        self
    }

    /// Custom sigmas, falling.  They are copied when the loop is started.
    pub fn sigmas(mut self, sigmas: &'a [f64]) -> Self {
        self.c.sigmas = sigmas.as_ptr();
        self.c.sigmas_count = int(sigmas.len());
        self
    }

    /// Torch on a card that the library knows by name, in any case of letters; see
    /// [`cuda_cards`](crate::cuda_cards).
    pub fn cuda_card(mut self, name: &str) -> Result<Self> {
        let unknown = || {
            Error::new(
                Status::Value,
                format!("there is no card {name:?} in the table"),
            )
        };
        let text = CString::new(name).map_err(|_| unknown())?;
        let (mut multiprocessors, mut threads) = (0, 0);
        // SAFETY: a string that ends in zero, and two numbers to write to.
        let status =
            unsafe { sys::sched_cuda_card(text.as_ptr(), &mut multiprocessors, &mut threads) };
        if status != sys::SCHED_OK {
            return Err(unknown());
        }
        self.c.cuda_multiprocessors = multiprocessors;
        self.c.cuda_threads_per_multiprocessor = threads;
        Ok(self)
    }

    /// Runs on a Vulkan device, with [`Kernel::Vulkan`].  The state keeps the context alive.
    pub fn vulkan(mut self, vulkan: &'a Vulkan) -> Self {
        self.c.vulkan = vulkan.as_ptr();
        self.kernel(Kernel::Vulkan)
    }

    /// The C struct, which points to what this one borrows.
    pub(crate) fn c_options(&self) -> Result<sys::sched_init_options> {
        let mut c = self.c;
        let Some(seeds) = self.item_seeds else {
            return Ok(c);
        };
        // The C struct carries no length for the seeds: it must be the batch.
        if long(seeds.len()) != c.batch {
            return Err(Error::new(
                Status::Shape,
                format!(
                    "item_seeds has {} seeds; it must have one for each of the {} items",
                    seeds.len(),
                    c.batch
                ),
            ));
        }
        c.item_seeds = seeds.as_ptr();
        Ok(c)
    }

    pub(crate) fn shape(&self) -> (i64, i64) {
        (self.c.batch, self.c.elements)
    }
}

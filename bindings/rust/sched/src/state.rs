use std::ffi::CStr;
use std::ptr::{self, NonNull};

use sched_sys as sys;

use crate::catalog::{count, small};
use crate::error::Message;
use crate::tensor::Shape;
use crate::{
    Error, InitOptions, Kernel, Result, Scheduler, Status, StepArgs, Tensor, TensorMut, Weights,
};

/// One loop.  Made by [`Scheduler::init`].
///
/// A state belongs to one thread at a time: it may be sent to another, not shared.  A call that
/// fails changes nothing and may be tried again.
///
/// Tensors are slices of batch * elements values; their lengths are checked before the library
/// is called.  Nothing is copied, and a step allocates nothing.
#[derive(Debug)]
pub struct State {
    // A pointer, and so neither Send nor Sync by itself.
    handle: NonNull<sys::sched_state>,
    shape: Shape,
}

// SAFETY: the library promises that a state belongs to one thread at a time, and to none in
// particular.  It is not Sync: what only asks keeps its error sentence in the state.
unsafe impl Send for State {}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: made by the library and freed here only.
        unsafe { sys::sched_state_free(self.handle.as_ptr()) }
    }
}

/// One call of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// False: noise is added or undone (RePaint, KarrasVe).  No model is asked, and the step
    /// takes no prediction: [`State::step_without_model`].
    pub needs_model: bool,
    /// The time to give to the model.
    pub timestep: f64,
    /// Level of the sample that is handed in: x = alpha x0 + sigma n.
    pub alpha: f64,
    /// Level of the sample that is handed in: x = alpha x0 + sigma n.
    pub sigma: f64,
    /// Factor for the sample before it goes into the model.
    pub input_scale: f64,
    /// Step of the whole schedule; nothing where the method chooses its steps.
    pub step: Option<usize>,
    /// Within the step, 0 first.
    pub stage: u32,
    /// True where this call ends a step, or an attempt at one.
    pub ends_step: bool,
    /// Normal draws that it takes, 0, 1 or 2.
    pub draws: u32,
}

impl From<sys::sched_call> for Call {
    fn from(c: sys::sched_call) -> Self {
        Self {
            needs_model: c.needs_model != 0,
            timestep: c.timestep,
            alpha: c.alpha,
            sigma: c.sigma,
            input_scale: c.input_scale,
            step: c.step.try_into().ok(),
            stage: small(c.stage),
            ends_step: c.ends_step != 0,
            draws: small(c.draws),
        }
    }
}

/// A noise level: x = alpha x0 + sigma n.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Factor of the data.
    pub alpha: f64,
    /// Factor of the noise.
    pub sigma: f64,
}

/// Attempts at a step, where the method chooses its steps (Lu et al. 2022, arXiv:2206.00927,
/// algorithm 3).  A rejected attempt gives back the sample at which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many were accepted.
    pub accepted: usize,
    /// How many were rejected.
    pub rejected: usize,
}

type List = unsafe extern "C" fn(*const sys::sched_state, *mut f64, i64, *mut i64) -> i32;

impl State {
    pub(crate) fn start(scheduler: &Scheduler, options: &InitOptions<'_>) -> Result<Self> {
        let mut message = Message::new();
        let mut c = options.c_options()?;
        c.message = message.as_mut_ptr();
        c.message_capacity = Message::CAPACITY;
        let mut out = ptr::null_mut();
        // SAFETY: what `c` points to is borrowed by `options` and as long as it says; `message`
        // and `out` outlive the call.
        let code = unsafe { sys::sched_init(scheduler.as_ptr(), &c, &mut out) };
        message.check(code)?;
        let handle = NonNull::new(out).expect("sched_init() gave no state");
        let (batch, elements) = options.shape();
        // The library has accepted both, so they are positive.
        let shape = Shape {
            batch: count(batch),
            elements: count(elements),
        };
        let state = Self { handle, shape };
        match shape.batch.checked_mul(shape.elements) {
            Some(_) => Ok(state),
            None => Err(Error::new(
                Status::Shape,
                "batch * elements is more than this machine can address",
            )),
        }
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::sched_state {
        self.handle.as_ptr()
    }

    /// `Ok` for `SCHED_OK`, else the error with the state's sentence.
    #[inline]
    pub(crate) fn check(&self, code: sys::sched_status) -> Result<()> {
        if code == sys::SCHED_OK {
            return Ok(());
        }
        Err(self.last_error(code))
    }

    #[cold]
    fn last_error(&self, code: sys::sched_status) -> Error {
        // SAFETY: a valid handle; the string is valid until the next call and copied before.
        let sentence = unsafe { CStr::from_ptr(sys::sched_last_error(self.as_ptr())) };
        Error::new(Status::from_code(code), sentence.to_string_lossy())
    }

    // ------------------------------------------------------ asking about a loop

    /// Items.
    pub fn batch(&self) -> usize {
        self.shape.batch
    }

    /// Values per item.
    pub fn elements(&self) -> usize {
        self.shape.elements
    }

    /// Elements of an item of a prediction: [`State::elements`], or twice as many where the
    /// variance is learned.
    pub fn prediction_elements(&self) -> usize {
        // SAFETY: a valid handle.
        count(unsafe { sys::sched_prediction_elements(self.as_ptr()) })
    }

    /// Steps that this loop runs, what a user counts.
    pub fn num_steps(&self) -> usize {
        // SAFETY: a valid handle.
        count(unsafe { sys::sched_num_steps(self.as_ptr()) })
    }

    /// Calls of [`State::step`] that this loop takes.  Nothing where the method chooses its
    /// steps as it goes (dpm_adaptive): then ask [`State::next_call`] until it gives nothing.
    pub fn num_calls(&self) -> Option<usize> {
        // SAFETY: a valid handle.
        unsafe { sys::sched_num_calls(self.as_ptr()) }
            .try_into()
            .ok()
    }

    /// Calls done so far.
    pub fn calls_done(&self) -> usize {
        // SAFETY: a valid handle.
        count(unsafe { sys::sched_calls_done(self.as_ptr()) })
    }

    /// True where every step is done.
    pub fn is_finished(&self) -> bool {
        match self.num_calls() {
            Some(calls) => self.calls_done() >= calls,
            None => {
                let mut call = sys::sched_call::default();
                // SAFETY: a valid handle, and a struct of the size that it says.
                let code = unsafe { sys::sched_next_call(self.as_ptr(), &mut call) };
                code == sys::SCHED_ERROR_FINISHED
            }
        }
    }

    /// Describes the call that comes next; nothing where the loop is done.  One loop serves
    /// every method:
    ///
    /// ```
    /// # use sched::{InitOptions, Scheduler};
    /// # fn model(x: &[f32], _time: f64) -> Vec<f32> { x.to_vec() }
    /// # fn main() -> sched::Result<()> {
    /// # let mut state = Scheduler::new(r#"{"_class_name": "KarrasVeScheduler"}"#)?
    /// #     .init(&InitOptions::new(5, 4))?;
    /// # let mut x = [0f32; 4];
    /// while let Some(call) = state.next_call()? {
    ///     if call.needs_model {
    ///         let prediction = model(&x, call.timestep);
    ///         state.step_in_place(&mut x, &prediction)?;
    ///     } else {
    ///         state.step_without_model(&mut x)?;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of Vulkan, where the device was lost.
    pub fn next_call(&self) -> Result<Option<Call>> {
        let mut call = sys::sched_call::default();
        // SAFETY: a valid handle, and a struct of the size that it says.
        match unsafe { sys::sched_next_call(self.as_ptr(), &mut call) } {
            sys::SCHED_ERROR_FINISHED => Ok(None),
            code => self.check(code).map(|()| Some(call.into())),
        }
    }

    /// Describes call `index` of a loop that is planned as a whole.
    ///
    /// # Errors
    ///
    /// [`Steps`](Status::Steps) past the end; [`Unsupported`](Status::Unsupported) where the
    /// method chooses its steps as it goes.
    pub fn call_at(&self, index: usize) -> Result<Call> {
        let mut call = sys::sched_call::default();
        // SAFETY: a valid handle, and a struct of the size that it says.
        self.check(unsafe { sys::sched_call_at(self.as_ptr(), long(index), &mut call) })?;
        Ok(call.into())
    }

    /// Every call of a loop that is planned as a whole, in order.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where the method chooses its steps as it goes.
    pub fn calls(&self) -> Result<Vec<Call>> {
        // Asks for one where there is no number, for the library's own error.
        let calls = self.num_calls().unwrap_or(1);
        (0..calls).map(|index| self.call_at(index)).collect()
    }

    /// Attempts at a step so far, where the method chooses its steps; 0 and 0 for others.
    pub fn attempts(&self) -> Attempts {
        let (mut accepted, mut rejected) = (0, 0);
        // SAFETY: a valid handle and places for two numbers; the call has no other error.
        unsafe { sys::sched_attempts(self.as_ptr(), &mut accepted, &mut rejected) };
        Attempts {
            accepted: count(accepted),
            rejected: count(rejected),
        }
    }

    /// True where call `index` ends a step; progress bars count these.
    pub fn call_ends_step(&self, index: usize) -> bool {
        // SAFETY: a valid handle; takes any number.
        unsafe { sys::sched_call_ends_step(self.as_ptr(), long(index)) == 1 }
    }

    /// What runs this state.
    ///
    /// # Errors
    ///
    /// [`Other`](Status::Other) for a kernel of a newer library.
    pub fn kernel(&self) -> Result<Kernel> {
        // SAFETY: a valid handle.
        Kernel::from_code(unsafe { sys::sched_state_kernel(self.as_ptr()) })
    }

    /// Bytes that the state holds, memory rows and plans.
    pub fn bytes(&self) -> usize {
        // SAFETY: a valid handle.
        count(unsafe { sys::sched_state_bytes(self.as_ptr()) })
    }

    /// False where the state cannot take its next call any more: its Vulkan device was lost,
    /// with what the state kept there.
    pub fn can_continue(&self) -> bool {
        // SAFETY: a valid handle.
        unsafe { sys::sched_can_continue(self.as_ptr()) == 1 }
    }

    fn list(&self, list: List) -> Result<Vec<f64>> {
        let mut length = 0;
        // SAFETY: a valid handle; NULL asks for the length only.
        self.check(unsafe { list(self.as_ptr(), ptr::null_mut(), 0, &mut length) })?;
        let mut values = vec![0.0; count(length)];
        // SAFETY: as many places as are said.
        self.check(unsafe { list(self.as_ptr(), values.as_mut_ptr(), length, ptr::null_mut()) })?;
        Ok(values)
    }

    /// The time to give to the model at each call, in order.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where the method chooses its steps as it goes.
    pub fn timesteps(&self) -> Result<Vec<f64>> {
        self.list(sys::sched_timesteps)
    }

    /// Noise levels of the whole schedule, step by step and the end, in the unit of the method's
    /// family: sigma for flow matching, the sine of the angle for SCM, sigma / alpha elsewhere,
    /// infinite at zero SNR.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where the method chooses its steps as it goes.
    pub fn sigmas(&self) -> Result<Vec<f64>> {
        self.list(sys::sched_sigmas)
    }

    /// alpha and sigma at the start of each step of the whole schedule and at its end.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where the method chooses its steps as it goes.
    pub fn levels(&self) -> Result<Vec<Level>> {
        let flat = self.list(sys::sched_levels)?;
        let level = |pair: &[f64]| Level {
            alpha: pair[0],
            sigma: pair[1],
        };
        Ok(flat.chunks_exact(2).map(level).collect())
    }

    /// The step of the whole schedule that begins at `timestep`, to within 1e-6.
    ///
    /// # Errors
    ///
    /// [`Value`](Status::Value) where no step begins there.
    pub fn step_for_timestep(&self, timestep: f64) -> Result<usize> {
        let mut step = -1;
        // SAFETY: a valid handle and a place for the step.
        self.check(unsafe { sys::sched_step_for_timestep(self.as_ptr(), timestep, &mut step) })?;
        Ok(count(step))
    }

    /// Standard deviation of the first sample, diffusers' init_noise_sigma.
    pub fn init_noise_sigma(&self) -> f64 {
        // SAFETY: a valid handle.
        unsafe { sys::sched_init_noise_sigma(self.as_ptr()) }
    }

    /// Factor for the sample before it goes into the next model call.
    pub fn input_scale(&self) -> f64 {
        // SAFETY: a valid handle.
        unsafe { sys::sched_input_scale(self.as_ptr()) }
    }

    /// Normal draws that the next step takes, 0, 1 or 2.
    pub fn next_draws(&self) -> usize {
        // SAFETY: a valid handle.
        count(unsafe { sys::sched_next_draws(self.as_ptr()) })
    }

    /// The weights of call `index`, in float64, before any rounding.
    ///
    /// # Errors
    ///
    /// [`Steps`](Status::Steps) past the end; [`Unsupported`](Status::Unsupported) where they
    /// depend on norms of the tensors (dpm_adaptive, the corrector of score_sde_ve).
    pub fn weights(&self, index: usize) -> Result<Weights> {
        let mut weights = sys::sched_weights::default();
        // SAFETY: a valid handle, and a struct of the size that it says.
        self.check(unsafe { sys::sched_step_weights(self.as_ptr(), long(index), &mut weights) })?;
        Ok(Weights::from(&weights))
    }

    // ------------------------------------------------------------------ tensors

    /// Fills the first sample: standard normals times [`State::init_noise_sigma`].  The numbers
    /// depend on the item's seed and the element only.
    ///
    /// # Errors
    ///
    /// [`Shape`](Status::Shape), [`Dtype`](Status::Dtype).
    pub fn initial_noise<'a>(&self, out: impl Into<TensorMut<'a>>) -> Result<()> {
        let out = out.into();
        let mut out = self.shape.write("out", &out)?;
        // SAFETY: a valid handle; `out` covers a slice borrowed for the call.
        self.check(unsafe { sys::sched_initial_noise(self.as_ptr(), &mut out) })
    }

    /// Scales a sample for the next model call (c_in of Karras et al. 2022): what diffusers
    /// calls scale_model_input.  A copy where the method scales nothing.
    ///
    /// # Errors
    ///
    /// [`Finished`](Status::Finished), [`Shape`](Status::Shape), [`Dtype`](Status::Dtype).
    pub fn scale_input<'a, 'b>(
        &self,
        sample: impl Into<Tensor<'a>>,
        out: impl Into<TensorMut<'b>>,
    ) -> Result<()> {
        let (sample, out) = (sample.into(), out.into());
        let sample = self.shape.read("sample", sample)?;
        let mut out = self.shape.write("out", &out)?;
        // SAFETY: a valid handle; both cover slices borrowed for the call.
        self.check(unsafe { sys::sched_scale_input(self.as_ptr(), &sample, &mut out) })
    }

    /// [`State::scale_input`] that overwrites the sample.
    ///
    /// # Errors
    ///
    /// As [`State::scale_input`].
    pub fn scale_input_in_place<'a>(&self, sample: impl Into<TensorMut<'a>>) -> Result<()> {
        let sample = sample.into();
        let mut out = self.shape.write("sample", &sample)?;
        let sample = out;
        // SAFETY: a valid handle; both cover one slice, borrowed exclusively for the call.
        self.check(unsafe { sys::sched_scale_input(self.as_ptr(), &sample, &mut out) })
    }

    /// Noises clean data to the level at which `step` begins (image to image, inpainting).
    /// `noise` are standard normals; `None` takes those of [`State::initial_noise`].
    ///
    /// # Errors
    ///
    /// [`Steps`](Status::Steps), [`Shape`](Status::Shape), [`Dtype`](Status::Dtype).
    pub fn add_noise<'a, 'b>(
        &self,
        step: usize,
        original: impl Into<Tensor<'a>>,
        noise: Option<Tensor<'_>>,
        out: impl Into<TensorMut<'b>>,
    ) -> Result<()> {
        let (original, out) = (original.into(), out.into());
        let original = self.shape.read("original", original)?;
        let out = self.shape.write("out", &out)?;
        self.add_noise_to(step, original, noise, out)
    }

    /// [`State::add_noise`] that overwrites the clean data.
    ///
    /// # Errors
    ///
    /// As [`State::add_noise`].
    pub fn add_noise_in_place<'a>(
        &self,
        step: usize,
        data: impl Into<TensorMut<'a>>,
        noise: Option<Tensor<'_>>,
    ) -> Result<()> {
        let data = data.into();
        let out = self.shape.write("data", &data)?;
        self.add_noise_to(step, out, noise, out)
    }

    /// The tensors cover slices that the caller has borrowed.
    fn add_noise_to(
        &self,
        step: usize,
        original: sys::sched_tensor,
        noise: Option<Tensor<'_>>,
        mut out: sys::sched_tensor,
    ) -> Result<()> {
        let noise = noise.map(|n| self.shape.read("noise", n)).transpose()?;
        let noise = pointer(&noise);
        // SAFETY: a valid handle; the tensors cover slices borrowed for the call.
        self.check(unsafe {
            sys::sched_add_noise(self.as_ptr(), long(step), &original, noise, &mut out)
        })
    }

    /// Moves the sample one model call closer to the data.
    ///
    /// Once for each entry of [`State::timesteps`], in order.  `sample` is x at the current
    /// noise level, unscaled; `prediction` what the network returned, twice as long where the
    /// configuration says that the variance is learned; `next` gets x at the next noise level.
    /// Noise that the method needs is drawn from the state's own generator.
    ///
    /// # Errors
    ///
    /// [`Finished`](Status::Finished), [`Shape`](Status::Shape), [`Dtype`](Status::Dtype);
    /// [`NotFinite`](Status::NotFinite) where the method depends on norms and a tensor holds NaN
    /// or infinity; those of Vulkan.
    #[inline]
    pub fn step<'a, 'b, 'c>(
        &mut self,
        sample: impl Into<Tensor<'a>>,
        prediction: impl Into<Tensor<'b>>,
        next: impl Into<TensorMut<'c>>,
    ) -> Result<()> {
        let next = next.into();
        let sample = self.shape.read("sample", sample.into())?;
        let prediction = self.shape.prediction("prediction", prediction.into())?;
        let mut next = self.shape.write("next", &next)?;
        // SAFETY: a valid handle; the tensors cover slices borrowed for the call.
        self.check(unsafe { sys::sched_step(self.as_ptr(), &sample, &prediction, &mut next) })
    }

    /// [`State::step`] that overwrites the sample with the next.  Two borrows of one slice cannot
    /// say that:
    ///
    /// ```compile_fail,E0502
    /// # fn f(mut state: sched::State, mut x: Vec<f32>, prediction: Vec<f32>) {
    /// let _ = state.step(&x, &prediction, &mut x);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`State::step`].
    #[inline]
    pub fn step_in_place<'a, 'b>(
        &mut self,
        sample: impl Into<TensorMut<'a>>,
        prediction: impl Into<Tensor<'b>>,
    ) -> Result<()> {
        let sample = sample.into();
        let prediction = self.shape.prediction("prediction", prediction.into())?;
        let mut next = self.shape.write("sample", &sample)?;
        let sample = next;
        // SAFETY: a valid handle; sample and next cover one slice, borrowed exclusively for the
        // call, and reached through its pointer alone.
        self.check(unsafe { sys::sched_step(self.as_ptr(), &sample, &prediction, &mut next) })
    }

    /// A call that asks no model ([`Call::needs_model`] is false), in place.
    ///
    /// # Errors
    ///
    /// [`Argument`](Status::Argument) where the call needs a prediction; as [`State::step`].
    pub fn step_without_model<'a>(&mut self, sample: impl Into<TensorMut<'a>>) -> Result<()> {
        self.step_wide(StepArgs::in_place(sample))
    }

    /// [`State::step`] with everything optional, in the same pass over memory.
    ///
    /// # Errors
    ///
    /// As [`State::step`], and [`Option`](Status::Option) for noise that the step does not draw
    /// or group times for a method that has none, [`Value`](Status::Value) for a guidance scale
    /// or a group time that is not finite, [`Argument`](Status::Argument) where the call needs a
    /// prediction and has none.
    pub fn step_wide(&mut self, args: StepArgs<'_>) -> Result<()> {
        let shape = self.shape;
        let read = |name, tensor: Option<Tensor<'_>>| {
            tensor.map(|tensor| shape.read(name, tensor)).transpose()
        };
        let predicted = |name, tensor: Option<Tensor<'_>>| {
            tensor.map(|t| shape.prediction(name, t)).transpose()
        };
        let write = |name, tensor: &Option<TensorMut<'_>>| {
            let tensor = tensor.as_ref();
            tensor.map(|tensor| shape.write(name, tensor)).transpose()
        };
        if args.too_much_noise {
            return Err(Error::new(
                Status::Option,
                "noise was given more than twice; a step takes 2 draws at most",
            ));
        }
        let mut next = shape.write("next", &args.next)?;
        let sample = read("sample", args.sample)?.unwrap_or(next);
        let prediction = predicted("prediction", args.prediction)?;
        let unconditional = predicted("unconditional", args.unconditional)?;
        let noise = [
            read("noise[0]", args.noise[0])?,
            read("noise[1]", args.noise[1])?,
        ];
        let mut denoised = write("denoised", &args.denoised)?;
        let mut next_input = write("next_input", &args.next_input)?;
        let mask = read("mask", args.mask)?;
        let original = read("original", args.original)?;
        let known_noise = read("known_noise", args.known_noise)?;
        let groups = groups(shape.batch, args.group_timesteps, args.group_targets)?;
        let c = sys::sched_step_args {
            groups,
            sample: &sample,
            prediction: pointer(&prediction),
            next: &mut next,
            unconditional: pointer(&unconditional),
            guidance_scale: args.guidance_scale,
            noise: [pointer(&noise[0]), pointer(&noise[1])],
            denoised: pointer_mut(&mut denoised),
            next_input: pointer_mut(&mut next_input),
            group_timesteps: args.group_timesteps.map_or(ptr::null(), <[f64]>::as_ptr),
            mask: pointer(&mask),
            original: pointer(&original),
            known_noise: pointer(&known_noise),
            group_targets: args.group_targets.map_or(ptr::null(), <[f64]>::as_ptr),
            without_noise: i32::from(args.without_noise),
            ..Default::default()
        };
        // SAFETY: a valid handle; the tensors and lists cover slices that `args` borrows, the
        // outputs exclusively.  In place, sample and next cover one exclusive slice.
        self.check(unsafe { sys::sched_step_wide(self.as_ptr(), &c) })
    }

    // ----------------------------------------------------- save, load and clone

    /// The state (position, memory rows, place in the noise) as versioned bytes with a checksum.
    ///
    /// # Errors
    ///
    /// Those of Vulkan, whose rows are read back.
    pub fn save(&self) -> Result<Vec<u8>> {
        let mut size = 0;
        // SAFETY: a valid handle; NULL asks for the size only.
        self.check(unsafe { sys::sched_save(self.as_ptr(), ptr::null_mut(), 0, &mut size) })?;
        let mut bytes = vec![0u8; count(size)];
        let to = bytes.as_mut_ptr().cast();
        // SAFETY: as many bytes as are said.
        self.check(unsafe { sys::sched_save(self.as_ptr(), to, size, &mut size) })?;
        bytes.truncate(count(size));
        Ok(bytes)
    }

    /// Continues from saved bytes, in a state that was started with the same configuration and
    /// options.
    ///
    /// # Errors
    ///
    /// [`Damaged`](Status::Damaged) where the bytes are truncated, changed, or no saved state;
    /// [`Mismatch`](Status::Mismatch) where they belong to another configuration or version.
    pub fn load(&mut self, bytes: &[u8]) -> Result<()> {
        let size = bytes.len() as u64;
        // SAFETY: a valid handle, and as many bytes as are said.
        self.check(unsafe { sys::sched_load(self.as_ptr(), bytes.as_ptr().cast(), size) })
    }

    /// A second state that goes on from the same point, independently.
    ///
    /// # Errors
    ///
    /// [`Memory`](Status::Memory), and those of Vulkan.
    pub fn try_clone(&self) -> Result<Self> {
        let mut out = ptr::null_mut();
        // SAFETY: a valid handle and a place for another.
        self.check(unsafe { sys::sched_clone(self.as_ptr(), &mut out) })?;
        Ok(Self {
            handle: NonNull::new(out).expect("sched_clone() gave no state"),
            shape: self.shape,
        })
    }
}

fn long(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn pointer<T>(value: &Option<T>) -> *const T {
    value.as_ref().map_or(ptr::null(), ptr::from_ref)
}

fn pointer_mut<T>(value: &mut Option<T>) -> *mut T {
    value.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
}

/// Groups per item; the library reads batch * groups values of each list.
pub(crate) fn groups(
    batch: usize,
    timesteps: Option<&[f64]>,
    targets: Option<&[f64]>,
) -> Result<i32> {
    let Some(timesteps) = timesteps else {
        // Targets alone are the library's to refuse.
        return Ok(0);
    };
    let refuse = |text| Err(Error::new(Status::Shape, text));
    if timesteps.is_empty() || timesteps.len() % batch != 0 {
        return refuse(format!(
            "group_timesteps has {} values; it must have as many for each of the {batch} items",
            timesteps.len()
        ));
    }
    match targets {
        Some(targets) if targets.len() != timesteps.len() => refuse(format!(
            "group_targets has {} values; it must have one for each of the {} group_timesteps",
            targets.len(),
            timesteps.len()
        )),
        _ => Ok((timesteps.len() / batch).try_into().unwrap_or(i32::MAX)),
    }
}

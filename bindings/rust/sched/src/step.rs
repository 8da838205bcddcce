use crate::{Tensor, TensorMut};

/// Everything that one step can do, in one pass over memory: [`State::step_wide`].
///
/// ```
/// # use sched::{InitOptions, Scheduler, StepArgs};
/// # fn main() -> sched::Result<()> {
/// # let mut state = Scheduler::new(r#"{"_class_name": "EulerDiscreteScheduler"}"#)?
/// #     .init(&InitOptions::new(20, 4))?;
/// # let (positive, negative) = ([0.1f32; 4], [0.2f32; 4]);
/// let (mut sample, mut preview) = ([0.5f32; 4], [0f32; 4]);
/// state.step_wide(
///     StepArgs::in_place(&mut sample)
///         .prediction(&positive)
///         .guidance(&negative, 7.5)
///         .denoised(&mut preview),
/// )?;
/// # Ok(()) }
/// ```
///
/// [`State::step_wide`]: crate::State::step_wide
#[derive(Debug)]
#[must_use]
pub struct StepArgs<'a> {
    /// `None` where the sample is what `next` holds.
    pub(crate) sample: Option<Tensor<'a>>,
    pub(crate) next: TensorMut<'a>,
    pub(crate) prediction: Option<Tensor<'a>>,
    pub(crate) unconditional: Option<Tensor<'a>>,
    pub(crate) guidance_scale: f64,
    pub(crate) noise: [Option<Tensor<'a>>; 2],
    pub(crate) too_much_noise: bool,
    pub(crate) denoised: Option<TensorMut<'a>>,
    pub(crate) next_input: Option<TensorMut<'a>>,
    pub(crate) group_timesteps: Option<&'a [f64]>,
    pub(crate) group_targets: Option<&'a [f64]>,
    pub(crate) mask: Option<Tensor<'a>>,
    pub(crate) original: Option<Tensor<'a>>,
    pub(crate) known_noise: Option<Tensor<'a>>,
    pub(crate) without_noise: bool,
}

impl<'a> StepArgs<'a> {
    /// A step from `sample`, x at the current noise level, to `next`.
    pub fn new(sample: impl Into<Tensor<'a>>, next: impl Into<TensorMut<'a>>) -> Self {
        let mut args = Self::in_place(next);
        args.sample = Some(sample.into());
        args
    }

    /// A step that overwrites the sample with the next.
    pub fn in_place(sample: impl Into<TensorMut<'a>>) -> Self {
        Self {
            sample: None,
            next: sample.into(),
            prediction: None,
            unconditional: None,
            guidance_scale: 1.0,
            noise: [None, None],
            too_much_noise: false,
            denoised: None,
            next_input: None,
            group_timesteps: None,
            group_targets: None,
            mask: None,
            original: None,
            known_noise: None,
            without_noise: false,
        }
    }

    /// What the network returned; twice the sample's size where the variance is learned.
    /// Left out for calls that need no model.
    pub fn prediction(mut self, prediction: impl Into<Tensor<'a>>) -> Self {
        self.prediction = Some(prediction.into());
        self
    }

    /// Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): the step uses
    /// unconditional + scale * (prediction - unconditional).  Methods with CFG++ need it at every
    /// step; where the prediction is guided already, the scale is 1.
    pub fn guidance(mut self, unconditional: impl Into<Tensor<'a>>, scale: f64) -> Self {
        self.unconditional = Some(unconditional.into());
        self.guidance_scale = scale;
        self
    }

    /// The caller's normals.  Once for each draw of the step, in order.
    pub fn noise(mut self, normals: impl Into<Tensor<'a>>) -> Self {
        match self.noise.iter_mut().find(|draw| draw.is_none()) {
            Some(draw) => *draw = Some(normals.into()),
            None => self.too_much_noise = true,
        }
        self
    }

    /// Gets x0 as the method sees it, a preview.
    pub fn denoised(mut self, out: impl Into<TensorMut<'a>>) -> Self {
        self.denoised = Some(out.into());
        self
    }

    /// Gets `next`, scaled for the next model call.
    pub fn next_input(mut self, out: impl Into<TensorMut<'a>>) -> Self {
        self.next_input = Some(out.into());
        self
    }

    /// A time of its own for each of equal parts (tokens) of each item: batch * groups values;
    /// one for each item gives each item its own.  Methods of one model call and no history.
    pub fn group_timesteps(mut self, timesteps: &'a [f64]) -> Self {
        self.group_timesteps = Some(timesteps);
        self
    }

    /// Where the groups go, as many values as they have timesteps; left out, where the schedule
    /// goes from each group's time.
    pub fn group_targets(mut self, targets: &'a [f64]) -> Self {
        self.group_targets = Some(targets);
        self
    }

    /// Inpainting: where the mask is 1 the original is kept, noised to the level at which the
    /// call arrives; where it is 0 the step paints; between, it blends.
    pub fn mask(mut self, mask: impl Into<Tensor<'a>>, original: impl Into<Tensor<'a>>) -> Self {
        self.mask = Some(mask.into());
        self.original = Some(original.into());
        self
    }

    /// Normals for the original under the mask, instead of those of the first sample.
    pub fn known_noise(mut self, normals: impl Into<Tensor<'a>>) -> Self {
        self.known_noise = Some(normals.into());
        self
    }

    /// `next` is the mean of the step.  Its draws count as taken.
    pub fn without_noise(mut self) -> Self {
        self.without_noise = true;
        self
    }
}

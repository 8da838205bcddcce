use sched_sys as sys;

use crate::catalog::{count, small};

/// What a weight multiplies: an index into [`Row::weights`] and [`Weights::denoised`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Input {
    /// The sample.
    Sample,
    /// The model's prediction.
    Prediction,
    /// x0 after clipping; only where there is a clip.
    Denoised,
    /// A normal draw, 0 or 1.
    Noise(usize),
    /// The unconditional prediction.
    Unconditional,
    /// A row that the state keeps, 0 to 7.
    Memory(usize),
    /// The clean data under the mask.
    Original,
    /// The noise of the clean data under the mask.
    KnownNoise,
}

impl Input {
    /// How many inputs there are.
    pub const COUNT: usize = sys::SCHED_WEIGHTS_INPUTS;

    /// Its index in a row.
    ///
    /// # Panics
    ///
    /// Where a draw or a memory row is out of range.
    pub fn index(self) -> usize {
        let at = |first: i32, index: usize, count: usize| {
            assert!(
                index < count,
                "there are {count} of these inputs, not {index}"
            );
            first as usize + index
        };
        match self {
            Input::Sample => at(sys::SCHED_INPUT_SAMPLE, 0, 1),
            Input::Prediction => at(sys::SCHED_INPUT_PREDICTION, 0, 1),
            Input::Denoised => at(sys::SCHED_INPUT_DENOISED, 0, 1),
            Input::Noise(index) => at(sys::SCHED_INPUT_NOISE0, index, 2),
            Input::Unconditional => at(sys::SCHED_INPUT_UNCONDITIONAL, 0, 1),
            Input::Memory(index) => at(sys::SCHED_INPUT_MEMORY0, index, 8),
            Input::Original => at(sys::SCHED_INPUT_ORIGINAL, 0, 1),
            Input::KnownNoise => at(sys::SCHED_INPUT_KNOWN_NOISE, 0, 1),
        }
    }
}

/// What a row makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Output {
    /// The next sample.
    Next,
    /// The preview.
    Denoised,
    /// A row that the state keeps, 0 to 7.
    Memory(usize),
    /// RePaint: what `next` is where the mask is 1.
    Known,
    /// One that a newer library has.
    Other(i32),
}

impl Output {
    fn from_code(code: i32) -> Self {
        match code {
            sys::SCHED_OUTPUT_NEXT => Output::Next,
            sys::SCHED_OUTPUT_DENOISED => Output::Denoised,
            sys::SCHED_OUTPUT_KNOWN => Output::Known,
            sys::SCHED_OUTPUT_MEMORY0..sys::SCHED_OUTPUT_KNOWN => {
                Output::Memory((code - sys::SCHED_OUTPUT_MEMORY0) as usize)
            }
            other => Output::Other(other),
        }
    }
}

/// How x0 is clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Clip {
    /// Not at all.
    None,
    /// Clamped to plus or minus this.
    Range(f64),
    /// Dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487).
    Quantile {
        /// The quantile.
        ratio: f64,
        /// Highest limit; the lowest is 1.
        max: f64,
    },
}

/// What multiplies the first draw, of v, the second half of the prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Gain {
    /// Nothing.
    None,
    /// exp(offset + slope * v).
    Exponential {
        /// Added to the exponent.
        offset: f64,
        /// Factor of v in the exponent.
        slope: f64,
    },
    /// sqrt(v).
    SquareRoot,
}

/// A step as numbers, for callers who run it themselves: each row is a weighted sum of the
/// inputs.  Where there is a clip, x0 is made first, by the weights `denoised`, and clipped; the
/// rows then use it as [`Input::Denoised`].  All rows are computed before any is written.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Weights {
    /// Of the model call.
    pub timestep: f64,
    /// Factor for the sample of the model call.
    pub input_scale: f64,
    /// Normal draws.
    pub draws: u32,
    /// How x0 is clipped.
    pub clip: Clip,
    /// What multiplies the first draw.
    pub gain: Gain,
    /// Weights of x0 before it is clipped, by [`Input::index`].
    pub denoised: [f64; Input::COUNT],
    /// What is computed.
    pub rows: Vec<Row>,
}

/// A weighted sum of the inputs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// What it makes.
    pub output: Output,
    /// By [`Input::index`].
    pub weights: [f64; Input::COUNT],
}

impl Row {
    /// The weight of one input.
    ///
    /// # Panics
    ///
    /// As [`Input::index`].
    pub fn weight(&self, input: Input) -> f64 {
        self.weights[input.index()]
    }
}

impl From<&sys::sched_weights> for Weights {
    fn from(c: &sys::sched_weights) -> Self {
        let rows = c.output.iter().zip(&c.weight).take(count(c.rows));
        Self {
            timestep: c.timestep,
            input_scale: c.input_scale,
            draws: small(c.draws),
            clip: match c.clip {
                sys::SCHED_CLIP_RANGE => Clip::Range(c.clip_range),
                sys::SCHED_CLIP_QUANTILE => Clip::Quantile {
                    ratio: c.quantile,
                    max: c.quantile_max,
                },
                _ => Clip::None,
            },
            gain: match c.gain {
                1 => Gain::Exponential {
                    offset: c.gain_offset,
                    slope: c.gain_slope,
                },
                2 => Gain::SquareRoot,
                _ => Gain::None,
            },
            denoised: c.denoised,
            rows: rows
                .map(|(output, weights)| Row {
                    output: Output::from_code(*output),
                    weights: *weights,
                })
                .collect(),
        }
    }
}

//! Replays a recorded loop.  Teacher-forced: each step is given the recorded sample, so that one
//! step's error is measured at each step; only the library's own memory rows carry over.

use std::path::Path;

use sched::{InitOptions, Scheduler, State, StepArgs, Tensor};

use super::recorded::{RecordedCall, RecordedLoop};

/// Of max(1, max|recorded|), in float32.
pub const TOLERANCE: f64 = 2e-6;
/// Grids are float64 on both sides; this allows for another order of operations.
const GRID_TOLERANCE: f64 = 1e-9;

type Set = for<'a> fn(InitOptions<'a>, f64) -> InitOptions<'a>;

/// Options of init by the names that the files have for them.
const OPTIONS: [(&str, Set); 16] = [
    ("num_inference_steps", |o, x| o.num_steps(x as usize)),
    ("strength", |o, x| o.strength(x)),
    ("mu", |o, x| o.mu(x)),
    ("eta", |o, x| o.eta(x)),
    ("s_churn", |o, x| o.s_churn(x)),
    ("s_tmin", |o, x| o.s_tmin(x)),
    ("s_tmax", |o, x| o.s_tmax(x)),
    ("s_noise", |o, x| o.s_noise(x)),
    ("max_timesteps", |o, x| o.max_timesteps(x)),
    ("intermediate_timesteps", |o, x| o.intermediate_timesteps(x)),
    ("order", |o, x| o.order(x as usize)),
    ("original_inference_steps", |o, x| {
        o.original_inference_steps(x as usize)
    }),
    ("num_train_timesteps", |o, x| {
        o.num_train_timesteps(x as usize)
    }),
    ("jump_length", |o, x| o.jump_length(x as usize)),
    ("jump_n_sample", |o, x| o.jump_n_sample(x as usize)),
    ("use_clipped_model_output", |o, x| {
        o.use_clipped_model_output(x != 0.0)
    }),
];

pub fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|(option, _)| *option == name)
}

#[derive(Debug)]
pub struct Verdict {
    pub method: String,
    pub calls: usize,
    /// Of `next` and of the scaled input, the largest.
    pub error: f64,
}

/// FNV-1a of the bits that every call gave, one after the other: the same in each language.
#[derive(Clone, Copy)]
pub struct Bits(pub u64);

impl Bits {
    /// Of no calls.
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, values: &[f32]) {
        for byte in values.iter().flat_map(|value| value.to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

fn near(value: f64, recorded: f64) -> bool {
    value == recorded || (value - recorded).abs() <= GRID_TOLERANCE * recorded.abs().max(1.0)
}

/// Largest difference, relative to max(1, max|recorded|).  Infinite for anything not finite.
fn relative_error(values: &[f32], recorded: &[f64]) -> f64 {
    let (mut largest, mut scale) = (0f64, 1f64);
    for (value, recorded) in values.iter().zip(recorded) {
        let difference = (f64::from(*value) - recorded).abs();
        if !difference.is_finite() {
            return f64::INFINITY;
        }
        largest = largest.max(difference);
        scale = scale.max(recorded.abs());
    }
    largest / scale
}

fn floats(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn largest_of(values: &Option<Vec<f64>>) -> f64 {
    let values = values.as_deref().unwrap_or_default();
    values.iter().fold(0.0, |most, x| most.max(x.abs()))
}

fn start(recorded: &RecordedLoop) -> sched::Result<State> {
    let mut options = InitOptions::default()
        .batch(recorded.batch)
        .elements(recorded.elements);
    for (name, set) in OPTIONS {
        if let Some(value) = recorded.options.get(name) {
            options = set(options, *value);
        }
    }
    if let Some(times) = &recorded.custom_timesteps {
        options = options.timesteps(times);
    }
    if let Some(sigmas) = &recorded.custom_sigmas {
        options = options.sigmas(sigmas);
    }
    Scheduler::new(&recorded.config)?.init(&options)
}

/// Replays one file, and adds what it gave to `bits`; the sentence says where it went wrong.
pub fn replay(path: &Path, bits: &mut Bits) -> Result<Verdict, String> {
    let recorded = RecordedLoop::read(path)?;
    let mut state = start(&recorded).map_err(|error| error.to_string())?;
    check_grid(&state, &recorded)?;
    let mut next = vec![0f32; recorded.batch * recorded.elements];
    let mut error = 0f64;
    for (index, call) in recorded.calls.iter().enumerate() {
        let of_call = run_call(&mut state, &recorded, index, call, &mut next)
            .map_err(|sentence| format!("call {index}: {sentence}"))?;
        error = error.max(of_call);
        bits.add(&next);
    }
    if recorded.is_whole && !state.is_finished() {
        return Err("not finished after the calls of the file".to_string());
    }
    Ok(Verdict {
        method: recorded.method,
        calls: recorded.calls.len(),
        error,
    })
}

fn check_grid(state: &State, recorded: &RecordedLoop) -> Result<(), String> {
    if let Some(sigma) = recorded.init_noise_sigma {
        if (state.init_noise_sigma() - sigma).abs() > GRID_TOLERANCE * sigma.abs() {
            return Err(format!(
                "init noise sigma: {}, the file has {sigma}",
                state.init_noise_sigma()
            ));
        }
    }
    let Some(calls) = state.num_calls() else {
        return Ok(());
    };
    let file = recorded.calls.len();
    if calls < file || recorded.is_whole && calls > file {
        return Err(format!("{calls} model calls, the file has {file}"));
    }
    let Some(times) = &recorded.timesteps else {
        return Ok(());
    };
    let ours = state.timesteps().map_err(|error| error.to_string())?;
    match ours.iter().zip(times).find(|(a, b)| !near(**a, **b)) {
        Some((ours, file)) => Err(format!("timestep {ours}, the file has {file}")),
        None => Ok(()),
    }
}

/// The largest error of one call.
fn run_call(
    state: &mut State,
    recorded: &RecordedLoop,
    index: usize,
    call: &RecordedCall,
    next: &mut [f32],
) -> Result<f64, String> {
    let text = |error: sched::Error| error.to_string();
    let sample = match &call.sample {
        Some(sample) => floats(sample),
        None => next.to_vec(),
    };
    if let Some(sigma) = call.sigma {
        let ours = state.next_call().map_err(text)?.ok_or("finished")?.sigma;
        // An adaptive loop's levels depend on the tensors, and so on their type.
        let is_planned = state.num_calls().is_some();
        let allowed = if is_planned {
            GRID_TOLERANCE
        } else {
            TOLERANCE
        };
        if (ours - sigma).abs() > allowed * sigma.max(1.0) {
            return Err(format!("sigma {ours}, the file has {sigma}"));
        }
    }
    let mut error = 0f64;
    if let Some(scaled) = &call.scaled {
        state.scale_input(&sample, &mut *next).map_err(text)?;
        error = error.max(relative_error(next, scaled));
    }
    let draws = state.next_draws();
    if call.noise.len() != draws && !(recorded.spare_draws && draws == 0) {
        return Err(format!("{draws} draws, the file has {}", call.noise.len()));
    }
    let noise: Vec<Vec<f32>> = call.noise.iter().take(draws).map(|n| floats(n)).collect();
    let prediction = call.prediction.as_deref().map(floats);
    let mut denoised = call
        .denoised
        .as_ref()
        .map(|values| vec![0f32; values.len()]);
    let inpainting = recorded.mask.as_deref().zip(recorded.original.as_deref());
    let inpainting = inpainting.map(|(mask, original)| (floats(mask), floats(original)));

    let mut args = StepArgs::new(&sample, &mut *next);
    if let Some(prediction) = &prediction {
        args = args.prediction(prediction);
        if let Some((mask, original)) = &inpainting {
            args = args.mask(mask, original);
        }
    }
    for draw in &noise {
        args = args.noise(Tensor::from(draw));
    }
    if let Some(denoised) = &mut denoised {
        args = args.denoised(denoised);
    }
    if let Some(times) = &call.group_timesteps {
        args = args.group_timesteps(times);
    }
    let allowed_denoised = match &call.denoised {
        Some(_) => TOLERANCE.max(rounding_of_denoised(state, index, call).map_err(text)?),
        None => TOLERANCE,
    };
    state.step_wide(args).map_err(text)?;

    if let Some(recorded) = &call.next {
        error = error.max(relative_error(next, recorded));
    }
    if error > TOLERANCE {
        return Err(format!("is off by {error:.3e}"));
    }
    if let (Some(denoised), Some(recorded)) = (&denoised, &call.denoised) {
        let error = relative_error(denoised, recorded);
        if error > allowed_denoised {
            return Err(format!("denoised is off by {error:.3e}"));
        }
    }
    Ok(error)
}

/// What storing the inputs in float32 alone can do to x0, relative to max(1, max|x0|).  Near
/// pure noise x0 = (x - sigma f) / alpha divides by a small alpha.
fn rounding_of_denoised(state: &State, index: usize, call: &RecordedCall) -> sched::Result<f64> {
    if state.num_calls().is_none() {
        return Ok(0.0);
    }
    let weights = state.weights(index)?;
    let of = |input: sched::Input| weights.denoised[input.index()].abs();
    let moved = of(sched::Input::Sample) * largest_of(&call.sample)
        + of(sched::Input::Prediction) * largest_of(&call.prediction);
    Ok(f64::from(f32::EPSILON) / 2.0 * moved / largest_of(&call.denoised).max(1.0))
}

//! What the tests share.

#![allow(dead_code)]

use sched::{InitOptions, Scheduler, State};

/// Values of a sample: two items of ten.
pub const N: usize = 20;

/// Methods of every sort: without history and with, deterministic and not, of two stages.
pub const CLASSES: [&str; 9] = [
    "DDIMScheduler",
    "DDPMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "HeunDiscreteScheduler",
    "PNDMScheduler",
    "FlowMatchEulerDiscreteScheduler",
];

pub fn scheduler(class: &str) -> Scheduler {
    Scheduler::new(format!(r#"{{"_class_name": "{class}"}}"#)).unwrap()
}

/// Ten steps.
pub fn start(class: &str) -> State {
    let options = InitOptions::new(10, N / 2).batch(2).seed(42);
    scheduler(class).init(&options).unwrap()
}

/// A model that depends on the sample.
pub fn prediction(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| (0.3 * x).sin()).collect()
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

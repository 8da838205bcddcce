//! What the safe crate costs: a step of 16 elements through it and through the C ABI, in blocks
//! that take turns, as medians; then a million steps, and that the process does not grow.
//!
//! `cargo run --release --example overhead`

use std::process::ExitCode;
use std::ptr;
use std::time::Instant;

use sched::{InitOptions, Scheduler, State, StepArgs};
use sched_sys as sys;

const ELEMENTS: usize = 16;
const STEPS: usize = 1000;
const BLOCKS: usize = 301;
/// More than the C call, at most.  It is told, not tested: other work on the machine decides too.
const TARGET_NS: f64 = 200.0;
const GROWTH_PAGES: i64 = 64;
const CONFIG: &str = r#"{"_class_name": "DDIMScheduler", "clip_sample": false}"#;

/// The loop through the C ABI, as a C program would write it.
struct Raw {
    state: *mut sys::sched_state,
    start: Vec<u8>,
}

impl Raw {
    fn new() -> Self {
        let (mut scheduler, mut state) = (ptr::null_mut(), ptr::null_mut());
        let options = sys::sched_init_options {
            num_steps: STEPS as i32,
            elements: ELEMENTS as i64,
            ..Default::default()
        };
        let mut size = 0;
        // SAFETY: pointers to locals that are as long as said.
        unsafe {
            let text = CONFIG.as_ptr().cast();
            let code = sys::sched_create(text, CONFIG.len() as u64, ptr::null(), &mut scheduler);
            assert_eq!(code, sys::SCHED_OK);
            assert_eq!(
                sys::sched_init(scheduler, &options, &mut state),
                sys::SCHED_OK
            );
            sys::sched_free(scheduler);
            sys::sched_save(state, ptr::null_mut(), 0, &mut size);
            let mut start = vec![0u8; size as usize];
            let code = sys::sched_save(state, start.as_mut_ptr().cast(), size, &mut size);
            assert_eq!(code, sys::SCHED_OK);
            Self { state, start }
        }
    }

    /// Back to the first step; not timed.
    fn rewind(&mut self) {
        let (bytes, size) = (self.start.as_ptr().cast(), self.start.len() as u64);
        // SAFETY: a valid handle, and as many bytes as are said.
        assert_eq!(
            unsafe { sys::sched_load(self.state, bytes, size) },
            sys::SCHED_OK
        );
    }

    fn run(&mut self, sample: &mut [f32; ELEMENTS], prediction: &mut [f32; ELEMENTS]) {
        let x = sys::sched_tensor {
            data: sample.as_mut_ptr().cast(),
            elements: ELEMENTS as i64,
            ..Default::default()
        };
        let f = sys::sched_tensor {
            data: prediction.as_mut_ptr().cast(),
            ..x
        };
        let mut next = x;
        for _ in 0..STEPS {
            // SAFETY: a valid handle; the tensors cover the two arrays.
            let code = unsafe { sys::sched_step(self.state, &x, &f, &mut next) };
            assert_eq!(code, sys::SCHED_OK);
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: made by sched_init() and freed here only.
        unsafe { sys::sched_state_free(self.state) }
    }
}

fn run(state: &mut State, sample: &mut [f32; ELEMENTS], prediction: &[f32; ELEMENTS]) {
    for _ in 0..STEPS {
        state.step_in_place(&mut *sample, prediction).unwrap();
    }
}

fn run_wide(state: &mut State, sample: &mut [f32; ELEMENTS], prediction: &[f32; ELEMENTS]) {
    for _ in 0..STEPS {
        let args = StepArgs::in_place(&mut *sample).prediction(prediction);
        state.step_wide(args).unwrap();
    }
}

/// Nanoseconds of one step.
fn time(block: impl FnOnce()) -> f64 {
    let start = Instant::now();
    block();
    start.elapsed().as_nanos() as f64 / STEPS as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Pages that the process has in memory; nothing where there is no /proc.
fn resident_pages() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

fn main() -> ExitCode {
    let mut state = Scheduler::new(CONFIG)
        .and_then(|scheduler| scheduler.init(&InitOptions::new(STEPS, ELEMENTS)))
        .unwrap();
    let start = state.save().unwrap();
    let mut raw = Raw::new();
    let mut prediction = [0.25f32; ELEMENTS];
    let mut x = [0f32; ELEMENTS];
    let (mut c, mut safe, mut wide) = (vec![], vec![], vec![]);
    for _ in 0..BLOCKS {
        x.fill(1.0);
        raw.rewind();
        c.push(time(|| raw.run(&mut x, &mut prediction)));
        let of_c = x;
        x.fill(1.0);
        state.load(&start).unwrap();
        safe.push(time(|| run(&mut state, &mut x, &prediction)));
        assert_eq!(x, of_c);
        x.fill(1.0);
        state.load(&start).unwrap();
        wide.push(time(|| run_wide(&mut state, &mut x, &prediction)));
        assert_eq!(x, of_c);
    }
    let (c, safe, wide) = (median(c), median(safe), median(wide));
    println!("a step of {ELEMENTS} elements, medians of {BLOCKS} blocks of {STEPS} steps:");
    println!("  C call       {c:7.1} ns");
    println!("  step_in_place{safe:7.1} ns, {:+.1}", safe - c);
    println!("  step_wide    {wide:7.1} ns, {:+.1}", wide - c);

    let before = resident_pages();
    let blocks = 1000;
    for _ in 0..blocks {
        x.fill(1.0);
        state.load(&start).unwrap();
        run(&mut state, &mut x, &prediction);
    }
    let grown = before
        .zip(resident_pages())
        .map(|(before, now)| now - before);
    println!("{} steps more: {grown:?} pages more", blocks * STEPS);
    let is_flat = grown.is_none_or(|pages| pages <= GROWTH_PAGES);
    let worst = (safe - c).max(wide - c);
    if worst > TARGET_NS {
        println!("more than {TARGET_NS} ns: the target is missed");
    }
    match is_flat {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

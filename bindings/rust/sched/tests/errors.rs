//! Every kind of error, what it says, and that it changes nothing.

mod support;

use sched::{
    Dtype, Error, InitOptions, Kernel, Result, Scheduler, State, Status, StepArgs, Tensor,
    TensorMut,
};
use sched_sys as sys;
use support::{bits, prediction, scheduler, start, N};

#[track_caller]
fn expect<T>(result: Result<T>, status: Status, words: &str) {
    let error = result.err().expect("an error");
    println!("{error}");
    assert_eq!(error.status, status, "{error}");
    assert!(error.message.contains(words), "{error}");
    assert!(error.to_string().starts_with(status.name()));
}

#[test]
fn of_configurations() {
    expect(Scheduler::new("{"), Status::Json, "");
    expect(Scheduler::new(""), Status::Json, "");
    expect(
        Scheduler::new(b"{\"_class_name\": \"\xff\"}"),
        Status::Json,
        "",
    );
    expect(Scheduler::new("{\"_class_name\"\0: 1}"), Status::Json, "");
    let of = |class: &str, keys: &str| {
        Scheduler::new(format!(r#"{{"_class_name": "{class}Scheduler"{keys}}}"#))
    };
    expect(of("Nope", ""), Status::UnknownClass, "Nope");
    expect(of("DDIM", r#", "colour": 1"#), Status::UnknownKey, "colour");
    expect(
        of("DDIM", r#", "beta_end": "big""#),
        Status::Type,
        "beta_end",
    );
    let spacing = of("DDIM", r#", "timestep_spacing": "linspce""#);
    expect(spacing, Status::Value, "linspace | leading | trailing");
    let both = r#", "use_karras_sigmas": true, "use_exponential_sigmas": true"#;
    expect(
        of("EulerDiscrete", both),
        Status::Conflict,
        "use_karras_sigmas",
    );
}

#[test]
fn lenient_is_warned() {
    let config = r#"{"_class_name": "DDIMScheduler", "colour": 1}"#;
    let scheduler = Scheduler::lenient(config).unwrap();
    let warnings = scheduler.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("colour"), "{warnings:?}");
    assert!(self::scheduler("DDIMScheduler").warnings().is_empty());
}

#[test]
fn of_init() {
    let ddim = scheduler("DDIMScheduler");
    let init = |options: InitOptions<'_>| ddim.init(&options);
    expect(init(InitOptions::new(0, N)), Status::Steps, "num_steps");
    expect(init(InitOptions::new(1001, N)), Status::Steps, "1000");
    let late = InitOptions::new(10, N).begin_step(10);
    expect(init(late), Status::Steps, "begin_step");
    expect(init(InitOptions::new(10, 0)), Status::Shape, "elements");
    expect(
        init(InitOptions::new(10, usize::MAX)),
        Status::Shape,
        "elements",
    );
    expect(
        init(InitOptions::new(10, N).batch(0)),
        Status::Shape,
        "batch",
    );
    let ddpm = scheduler("DDPMScheduler");
    let listed = |times: &[f64]| ddpm.init(&InitOptions::with_timesteps(times, N));
    expect(listed(&[100.0, 500.0]), Status::Timesteps, "");
    expect(listed(&[900.0, f64::NAN]), Status::Timesteps, "");
    expect(listed(&[]), Status::Timesteps, "empty");
    let twice = InitOptions::new(10, N).timesteps(&[900.0, 100.0]);
    expect(ddpm.init(&twice), Status::Conflict, "num_steps");
    let churn = InitOptions::new(10, N).s_churn(1.0);
    expect(init(churn), Status::Option, "s_churn");
    let nan = InitOptions::new(10, N).eta(f64::NAN);
    expect(init(nan), Status::Value, "eta");
    let doubles = InitOptions::new(10, N)
        .dtype(Dtype::F64)
        .kernel(Kernel::Fused);
    expect(init(doubles), Status::Dtype, "float64");
    // The C struct carries no length for the seeds, so this one is the crate's.
    let seeds = InitOptions::new(10, N).batch(3).item_seeds(&[1, 2]);
    expect(init(seeds), Status::Shape, "item_seeds has 2");
}

fn adaptive() -> State {
    let config = r#"{"solver": "dpm_adaptive", "parameterization": {"frame": "ve"}}"#;
    let options = InitOptions::with_sigmas(&[10.0, 0.1], N);
    Scheduler::new(config).unwrap().init(&options).unwrap()
}

#[test]
fn of_loops_without_a_plan() {
    let mut state = adaptive();
    expect(state.timesteps(), Status::Unsupported, "");
    expect(state.calls(), Status::Unsupported, "");
    expect(state.weights(0), Status::Unsupported, "");
    let mut x = vec![1f32; N];
    let mut f = vec![0.5f32; N];
    while !state.next_call().unwrap().unwrap().ends_step {
        state.step_in_place(&mut x, &f).unwrap();
    }
    f[2] = f32::NAN;
    expect(state.step_in_place(&mut x, &f), Status::NotFinite, "finite");
}

/// Each is refused, leaves sample, output and state as they were, and the right step then gives
/// what it always gave.
#[test]
fn of_steps_change_nothing() {
    let x = vec![0.5f32; N];
    let f = prediction(&x);
    let short = vec![0f32; N - 1];
    let long = vec![0f32; N + 1];
    let twice = vec![0f32; 2 * N];
    let doubles = vec![0f64; N];
    type Try<'a> = &'a dyn Fn(&mut State, &mut Vec<f32>) -> Result<()>;
    let cases: [(Status, &str, Try<'_>); 24] = [
        (Status::Shape, "sample has 19", &|s, n| {
            s.step(&short, &f, n)
        }),
        (Status::Shape, "prediction has 21", &|s, n| {
            s.step(&x, &long, n)
        }),
        (Status::Shape, "prediction has 0", &|s, n| {
            s.step(&x, &[0f32; 0], n)
        }),
        (Status::Shape, "prediction", &|s, n| s.step(&x, &twice, n)),
        (Status::Shape, "next has 3", &|s, n| {
            s.step(&x, &f, &mut n[..3])
        }),
        (Status::Shape, "sample has 5", &|s, n| {
            s.step_in_place(&mut n[..5], &f)
        }),
        (Status::Dtype, "sample", &|s, n| s.step(&doubles, &f, n)),
        (Status::Argument, "prediction", &|s, n| {
            s.step_without_model(n)
        }),
        (Status::Argument, "prediction", &|s, n| {
            s.step_wide(StepArgs::new(&x, n))
        }),
        (Status::Option, "noise", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).noise(&x))
        }),
        (Status::Option, "noise", &|s, n| {
            let args = StepArgs::new(&x, n).prediction(&f);
            s.step_wide(args.noise(&x).noise(&x).noise(&x))
        }),
        (Status::Shape, "noise[0] has 19", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).noise(&short))
        }),
        (Status::Value, "guidance_scale", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).guidance(&f, f64::NAN))
        }),
        (Status::Shape, "unconditional has 19", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).guidance(&short, 2.0))
        }),
        (Status::Shape, "denoised has 1", &|s, n| {
            let mut out = [0f32; 1];
            s.step_wide(StepArgs::new(&x, n).prediction(&f).denoised(&mut out))
        }),
        (Status::Shape, "next_input has 1", &|s, n| {
            let mut out = [0f32; 1];
            s.step_wide(StepArgs::new(&x, n).prediction(&f).next_input(&mut out))
        }),
        (Status::Shape, "mask has 19", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).mask(&short, &x))
        }),
        (Status::Shape, "original has 19", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).mask(&x, &short))
        }),
        (Status::Argument, "mask", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).known_noise(&x))
        }),
        (Status::Option, "group_timesteps", &|s, n| {
            s.step_wide(
                StepArgs::new(&x, n)
                    .prediction(&f)
                    .group_timesteps(&[1.0, 2.0]),
            )
        }),
        (Status::Shape, "group_timesteps has 3", &|s, n| {
            let args = StepArgs::new(&x, n).prediction(&f);
            s.step_wide(args.group_timesteps(&[1.0, 2.0, 3.0]))
        }),
        (Status::Shape, "group_timesteps has 0", &|s, n| {
            s.step_wide(StepArgs::new(&x, n).prediction(&f).group_timesteps(&[]))
        }),
        (Status::Shape, "group_targets has 1", &|s, n| {
            let args = StepArgs::new(&x, n).prediction(&f);
            s.step_wide(args.group_timesteps(&[1.0, 2.0]).group_targets(&[1.0]))
        }),
        (Status::Argument, "group_targets", &|s, n| {
            s.step_wide(
                StepArgs::new(&x, n)
                    .prediction(&f)
                    .group_targets(&[1.0, 2.0]),
            )
        }),
    ];
    let mut right = vec![0f32; N];
    let mut state = start("DPMSolverMultistepScheduler");
    state.step(&x, &f, &mut right).unwrap();
    state.step(&x, &f, &mut right).unwrap();
    for (status, words, run) in cases {
        let mut state = start("DPMSolverMultistepScheduler");
        let mut next = vec![0f32; N];
        state.step(&x, &f, &mut next).unwrap();
        let (saved, before) = (state.save().unwrap(), bits(&next));
        expect(run(&mut state, &mut next), status, words);
        assert_eq!(state.save().unwrap(), saved);
        assert_eq!(bits(&next), before);
        state.step(&x, &f, &mut next).unwrap();
        assert_eq!(bits(&next), bits(&right));
    }
}

#[test]
fn of_other_tensors() {
    let state = start("DDIMScheduler");
    let (x, mut out) = (vec![0f32; N], vec![0f32; N]);
    let mut short = vec![0f32; 3];
    expect(state.initial_noise(&mut short), Status::Shape, "out has 3");
    expect(
        state.scale_input(&short, &mut out),
        Status::Shape,
        "sample has 3",
    );
    expect(
        state.scale_input(&x, &mut short),
        Status::Shape,
        "out has 3",
    );
    expect(
        state.scale_input_in_place(&mut short),
        Status::Shape,
        "sample has 3",
    );
    expect(state.add_noise(99, &x, None, &mut out), Status::Steps, "99");
    expect(
        state.add_noise(usize::MAX, &x, None, &mut out),
        Status::Steps,
        "",
    );
    let noise = Some(Tensor::from(&[0f32; 2]));
    expect(
        state.add_noise(0, &x, noise, &mut out),
        Status::Shape,
        "noise has 2",
    );
    expect(
        state.add_noise_in_place(0, &mut short, None),
        Status::Shape,
        "data has 3",
    );
    expect(state.call_at(10), Status::Steps, "");
    expect(state.weights(usize::MAX), Status::Steps, "");
    expect(state.step_for_timestep(0.5), Status::Value, "");
    assert!(!state.call_ends_step(10));
}

#[test]
fn finished_loops_stay_finished() {
    let mut state = start("DDIMScheduler");
    let mut x = vec![0.5f32; N];
    let f = prediction(&x);
    while state.next_call().unwrap().is_some() {
        state.step_in_place(&mut x, &f).unwrap();
    }
    let before = bits(&x);
    for _ in 0..3 {
        expect(state.step_in_place(&mut x, &f), Status::Finished, "");
        expect(state.scale_input_in_place(&mut x), Status::Finished, "");
        assert_eq!(state.next_call().unwrap(), None);
        assert!(state.is_finished());
    }
    assert_eq!(bits(&x), before);
    assert_eq!(state.calls_done(), 10);
}

#[test]
fn of_saved_bytes() {
    let mut state = start("DPMSolverMultistepScheduler");
    let bytes = state.save().unwrap();
    expect(state.load(&[]), Status::Damaged, "");
    expect(state.load(&bytes[..bytes.len() - 1]), Status::Damaged, "");
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    expect(state.load(&changed), Status::Damaged, "");
    let other = start("DDIMScheduler").save().unwrap();
    expect(state.load(&other), Status::Mismatch, "");
    assert_eq!(state.save().unwrap(), bytes);
}

/// Those that a caller of the safe crate cannot make: the ABI's numbers become kinds.
#[test]
fn of_the_abi_alone() {
    let mut info = sys::sched_method_info {
        struct_size: 0,
        ..Default::default()
    };
    // SAFETY: a struct that is refused for the size that it says.
    let code = unsafe { sys::sched_method_at(0, &mut info) };
    assert_eq!(Status::from_code(code), Status::StructSize);

    let mut out = std::ptr::null_mut();
    let config = r#"{"_class_name": "DDIMScheduler"}"#;
    let mut x = [0f32; 8];
    // SAFETY: pointers to locals that are as long as said.
    unsafe {
        let text = config.as_ptr().cast();
        sys::sched_create(text, config.len() as u64, std::ptr::null(), &mut out);
        let options = sys::sched_init_options {
            num_steps: 5,
            elements: 4,
            ..Default::default()
        };
        let mut state = std::ptr::null_mut();
        assert_eq!(sys::sched_init(out, &options, &mut state), sys::SCHED_OK);
        sys::sched_free(out);
        let sample = sys::sched_tensor {
            data: x.as_mut_ptr().cast(),
            elements: 4,
            ..Default::default()
        };
        let mut next = sys::sched_tensor {
            data: x.as_mut_ptr().add(1).cast(),
            ..sample
        };
        let code = sys::sched_step(state, &sample, &sample, &mut next);
        assert_eq!(Status::from_code(code), Status::Overlap);
        let mut times = [0f64; 2];
        let code = sys::sched_timesteps(state, times.as_mut_ptr(), 2, std::ptr::null_mut());
        assert_eq!(Status::from_code(code), Status::Capacity);
        sys::sched_state_free(state);
    }
}

#[test]
fn kinds_have_names_and_codes() {
    assert_eq!(Status::ALL.len(), 26);
    for (i, status) in Status::ALL.iter().enumerate() {
        assert_eq!(status.code(), -(i as i32) - 1);
        assert_eq!(Status::from_code(status.code()), *status);
        assert!(status.name().starts_with("SCHED_ERROR_"), "{status}");
        let mut plain = status.name().replace("SCHED_ERROR_", "").replace('_', "");
        plain.make_ascii_lowercase();
        assert_eq!(plain, format!("{status:?}").to_lowercase());
    }
    assert_eq!(Status::from_code(-999), Status::Other(-999));
    assert_eq!(Status::Other(-999).code(), -999);
}

#[test]
fn errors_are_errors() {
    fn fail() -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Scheduler::new("{}")?;
        Ok(())
    }
    let error = fail().unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(error.status, Status::UnknownClass, "{error}");
    let mut empty = [0f32; 0];
    assert!(TensorMut::from(&mut empty).is_empty());
}

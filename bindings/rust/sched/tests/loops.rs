//! Loops: every way in which a state is moved, and what it says of itself.

mod support;

use sched::{
    Clip, DrawPolicy, Dtype, Generator, InitOptions, Input, Kernel, Output, Scheduler, State,
    Status, StepArgs, Tensor, TensorMut,
};
use support::{bits, prediction, start, CLASSES, N};

/// The loop of the README: a model that has seen only the number 1.
#[test]
fn the_loop_of_the_readme() {
    let config = r#"{"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true}"#;
    let mut state = Scheduler::new(config)
        .unwrap()
        .init(&InitOptions::new(20, 4))
        .unwrap();
    let levels = state.levels().unwrap();
    let mut sample = [0f32; 4];
    state.initial_noise(&mut sample).unwrap();
    for level in &levels[..state.num_calls().unwrap()] {
        let noise = sample.map(|x| ((f64::from(x) - level.alpha) / level.sigma) as f32);
        state.step_in_place(&mut sample, &noise).unwrap();
    }
    println!("{sample:?}");
    assert!(sample.iter().all(|x| format!("{x:.6}") == "1.000000"));
    assert!(state.is_finished());
}

fn run(state: &mut State, step: impl Fn(&mut State, &mut [f32], &[f32])) -> Vec<f32> {
    let mut x = vec![0f32; N];
    state.initial_noise(&mut x).unwrap();
    while state.next_call().unwrap().is_some() {
        let f = prediction(&x);
        step(state, &mut x, &f);
    }
    x
}

#[test]
fn in_place_wide_and_apart_give_the_same_bits() {
    for class in CLASSES {
        let apart = run(&mut start(class), |state, x, f| {
            let mut next = vec![0f32; N];
            state.step(&*x, f, &mut next).unwrap();
            x.copy_from_slice(&next);
        });
        let in_place = run(&mut start(class), |state, x, f| {
            state.step_in_place(x, f).unwrap();
        });
        let wide = run(&mut start(class), |state, x, f| {
            state
                .step_wide(StepArgs::in_place(x).prediction(f))
                .unwrap();
        });
        assert_eq!(bits(&apart), bits(&in_place), "{class}");
        assert_eq!(bits(&apart), bits(&wide), "{class}");
        assert!(apart.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn the_calls_are_the_lists() {
    for class in CLASSES {
        let state = start(class);
        let (calls, times) = (state.calls().unwrap(), state.timesteps().unwrap());
        assert_eq!(Some(calls.len()), state.num_calls());
        assert_eq!(calls.iter().map(|c| c.timestep).collect::<Vec<_>>(), times);
        let ends = (0..calls.len())
            .filter(|i| state.call_ends_step(*i))
            .count();
        assert_eq!(ends, state.num_steps(), "{class}");
        assert_eq!(ends, calls.iter().filter(|c| c.ends_step).count());
        assert_eq!(state.next_call().unwrap(), Some(calls[0]));
        assert_eq!(calls[0].step, Some(0));
        assert_eq!(state.sigmas().unwrap().len(), state.num_steps() + 1);
        let levels = state.levels().unwrap();
        assert_eq!(levels.len(), state.num_steps() + 1);
        assert_eq!(state.input_scale(), calls[0].input_scale);
        assert_eq!(state.next_draws(), calls[0].draws as usize);
        assert_eq!((state.batch(), state.elements()), (2, N / 2));
        assert!(state.bytes() > 0 && state.can_continue());
        assert!(state.init_noise_sigma() > 0.0);
    }
    let state = start("DDIMScheduler");
    let times = state.timesteps().unwrap();
    for (step, time) in times.iter().enumerate() {
        assert_eq!(state.step_for_timestep(*time).unwrap(), step);
    }
}

#[test]
fn wide_steps_give_previews_and_inputs() {
    let mut state = start("EulerDiscreteScheduler");
    let (mut x, mut next) = (vec![0f32; N], vec![0f32; N]);
    let (mut preview, mut input, mut scaled) = (vec![0f32; N], vec![0f32; N], vec![0f32; N]);
    state.initial_noise(&mut x).unwrap();
    let sigma = state.next_call().unwrap().unwrap().sigma as f32;
    let f = prediction(&x);
    let args = StepArgs::new(&x, &mut next)
        .prediction(&f)
        .denoised(&mut preview)
        .next_input(&mut input);
    state.step_wide(args).unwrap();
    for i in 0..N {
        assert!((preview[i] - (x[i] - sigma * f[i])).abs() < 1e-5 * sigma);
    }
    state.scale_input(&next, &mut scaled).unwrap();
    // One pass rounds once, two calls round twice.
    let apart = input.iter().zip(&scaled).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0f32, f32::max) < 1e-5);
    state.scale_input_in_place(&mut next).unwrap();
    assert_eq!(bits(&scaled), bits(&next));
}

#[test]
fn guidance_is_a_prediction() {
    let (mut guided, mut plain) = (start("DDIMScheduler"), start("DDIMScheduler"));
    let x = vec![0.3f32; N];
    let (positive, negative) = (prediction(&x), vec![0.25f32; N]);
    let mixed: Vec<f32> = positive.iter().map(|p| 0.25 + 7.5 * (p - 0.25)).collect();
    let (mut a, mut b) = (vec![0f32; N], vec![0f32; N]);
    let args = StepArgs::new(&x, &mut a)
        .prediction(&positive)
        .guidance(&negative, 7.5);
    guided.step_wide(args).unwrap();
    plain.step(&x, &mixed, &mut b).unwrap();
    let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
    assert!(worst.fold(0f32, f32::max) < 1e-6);
}

#[test]
fn noise_of_the_callers_and_none() {
    let zero = vec![0f32; N];
    let (x, mut own, mut mean) = (vec![0.5f32; N], vec![0f32; N], vec![0f32; N]);
    let f = prediction(&x);
    let mut state = start("EulerAncestralDiscreteScheduler");
    assert_eq!(state.next_draws(), 1);
    let args = StepArgs::new(&x, &mut own).prediction(&f).noise(&zero);
    state.step_wide(args).unwrap();
    let mut state = start("EulerAncestralDiscreteScheduler");
    let args = StepArgs::new(&x, &mut mean).prediction(&f).without_noise();
    state.step_wide(args).unwrap();
    assert_eq!(bits(&own), bits(&mean));
}

#[test]
fn masks_keep_the_original() {
    let mut state = start("DDIMScheduler");
    let original = vec![0.25f32; N];
    let mut mask = vec![1f32; N];
    mask[N / 2..].fill(0.0);
    let noise = vec![0.1f32; N];
    let mut x = vec![0f32; N];
    let mut plain = start("DDIMScheduler");
    let mut y = vec![0f32; N];
    state.initial_noise(&mut x).unwrap();
    plain.initial_noise(&mut y).unwrap();
    let f = prediction(&x);
    let args = StepArgs::in_place(&mut x)
        .prediction(&f)
        .mask(&mask, &original)
        .known_noise(&noise);
    state.step_wide(args).unwrap();
    plain.step_in_place(&mut y, &f).unwrap();
    let level = state.next_call().unwrap().unwrap();
    let known = level.alpha * 0.25 + level.sigma * f64::from(0.1f32);
    for value in &x[..N / 2] {
        assert!((f64::from(*value) - known).abs() < 1e-6, "{value} {known}");
    }
    assert_eq!(bits(&x[N / 2..]), bits(&y[N / 2..]));
}

#[test]
fn groups_go_their_own_ways() {
    let scheduler = Scheduler::new(r#"{"_class_name": "FlowMapEulerDiscreteScheduler"}"#).unwrap();
    let mut state = scheduler.init(&InitOptions::new(10, 6).batch(2)).unwrap();
    // Three tokens of two values for each item.
    let times = [1000.0, 700.0, 500.0, 250.0, 125.0, 10.0];
    let targets = [0.0, 650.0, 500.0, 0.0, 100.0, 5.0];
    let x: [f32; 12] = std::array::from_fn(|i| i as f32 / 10.0);
    let f: [f32; 12] = std::array::from_fn(|i| 1.0 - i as f32 / 7.0);
    let mut next = [0f32; 12];
    let args = StepArgs::new(&x, &mut next)
        .prediction(&f)
        .group_timesteps(&times)
        .group_targets(&targets);
    state.step_wide(args).unwrap();
    for i in 0..12 {
        let expected = f64::from(x[i]) - (times[i / 2] - targets[i / 2]) / 1000.0 * f64::from(f[i]);
        assert!((f64::from(next[i]) - expected).abs() < 1e-6);
    }
}

#[test]
fn saved_loaded_and_cloned_go_on_to_the_same_bits() {
    for class in CLASSES {
        let mut state = start(class);
        let mut x = vec![0f32; N];
        state.initial_noise(&mut x).unwrap();
        for _ in 0..state.num_calls().unwrap() / 2 {
            let f = prediction(&x);
            state.step_in_place(&mut x, &f).unwrap();
        }
        let bytes = state.save().unwrap();
        let mut clone = state.try_clone().unwrap();
        let mut loaded = start(class);
        loaded.load(&bytes).unwrap();
        assert_eq!(loaded.save().unwrap(), bytes);
        let finish = |state: &mut State| {
            let mut x = x.clone();
            while state.next_call().unwrap().is_some() {
                let f = prediction(&x);
                state.step_in_place(&mut x, &f).unwrap();
            }
            bits(&x)
        };
        let straight = finish(&mut state);
        drop(state);
        assert_eq!(finish(&mut clone), straight, "{class}");
        assert_eq!(finish(&mut loaded), straight, "{class}");
    }
}

#[test]
fn weights_are_the_step() {
    let mut state = start("EulerDiscreteScheduler");
    let weights = state.weights(0).unwrap();
    let row = &weights.rows[0];
    assert_eq!(row.output, Output::Next);
    assert_eq!(weights.clip, Clip::None);
    let x = vec![3f32; N];
    let f = prediction(&x);
    let mut next = vec![0f32; N];
    state.step(&x, &f, &mut next).unwrap();
    for i in 0..N {
        let sum = row.weight(Input::Sample) * f64::from(x[i])
            + row.weight(Input::Prediction) * f64::from(f[i]);
        assert!((sum - f64::from(next[i])).abs() < 1e-6);
    }
    let clipped = start("DDPMScheduler").weights(1).unwrap();
    assert_eq!(clipped.clip, Clip::Range(1.0));
    assert!(clipped.rows[0].weight(Input::Denoised) != 0.0);
    assert!(clipped.rows[0].weight(Input::Noise(0)) != 0.0);
}

#[test]
fn noise_is_added_at_a_level() {
    let state = start("DDIMScheduler");
    let (mut x, mut with, mut own) = (vec![0.5f32; N], vec![0f32; N], vec![0f32; N]);
    let normals = vec![0.25f32; N];
    state
        .add_noise(3, &x, Some(Tensor::from(&normals)), &mut with)
        .unwrap();
    let level = state.levels().unwrap()[3];
    let expected = level.alpha * 0.5 + level.sigma * 0.25;
    assert!(with.iter().all(|x| (f64::from(*x) - expected).abs() < 1e-6));
    state.add_noise(3, &x, None, &mut own).unwrap();
    state.add_noise_in_place(3, &mut x, None).unwrap();
    assert_eq!(bits(&x), bits(&own));
    assert_ne!(bits(&own), bits(&with));
}

#[test]
fn calls_without_a_model() {
    let mut state = Scheduler::new(r#"{"_class_name": "KarrasVeScheduler"}"#)
        .unwrap()
        .init(&InitOptions::new(5, N))
        .unwrap();
    let mut x = vec![0f32; N];
    state.initial_noise(&mut x).unwrap();
    let mut without = 0;
    while let Some(call) = state.next_call().unwrap() {
        if call.needs_model {
            let f = prediction(&x);
            state.step_in_place(&mut x, &f).unwrap();
        } else {
            state.step_without_model(&mut x).unwrap();
            without += 1;
        }
    }
    assert!(without > 0);
    assert!(x.iter().all(|x| x.is_finite()));
}

#[test]
fn a_loop_that_chooses_its_steps() {
    let config = r#"{"solver": "dpm_adaptive", "parameterization": {"frame": "ve"}}"#;
    let sigmas = [10.0, 0.1];
    let options = InitOptions::with_sigmas(&sigmas, N);
    let mut state = Scheduler::new(config).unwrap().init(&options).unwrap();
    assert_eq!(state.num_calls(), None);
    let mut x = vec![0f32; N];
    state.initial_noise(&mut x).unwrap();
    while let Some(call) = state.next_call().unwrap() {
        assert_eq!(call.step, None);
        assert!(!state.is_finished());
        // Epsilon of data that is 0.5 everywhere.
        let f: Vec<f32> = x.iter().map(|x| (x - 0.5) / call.sigma as f32).collect();
        state.step_in_place(&mut x, &f).unwrap();
    }
    let attempts = state.attempts();
    assert!(attempts.accepted > 0, "{attempts:?}");
    assert!(state.is_finished());
    // What is left is the last level's noise.
    assert!(x.iter().all(|x| (x - 0.5).abs() < 0.1 * 5.0), "{x:?}");
}

fn bf16(value: f32) -> u16 {
    (value.to_bits() >> 16) as u16
}

#[test]
fn every_dtype() {
    let scheduler = Scheduler::new(r#"{"_class_name": "DDIMScheduler"}"#).unwrap();
    let options = InitOptions::new(10, N);
    let exact = [0.5f32; N];
    let mut reference = [0f64; N];
    let mut state = scheduler
        .init(&options.dtype(Dtype::F64).kernel(Kernel::Reference))
        .unwrap();
    assert_eq!(state.kernel().unwrap(), Kernel::Reference);
    let half64 = [0.5f64; N];
    state.step(&half64, &half64, &mut reference).unwrap();

    let mut single = [0f32; N];
    let mut state = scheduler.init(&options).unwrap();
    state.step(&exact, &exact, &mut single).unwrap();
    assert!((f64::from(single[0]) - reference[0]).abs() < 1e-7);

    let (input, mut out) = ([bf16(0.5); N], [0u16; N]);
    let mut state = scheduler.init(&options.dtype(Dtype::Bf16)).unwrap();
    state
        .step(
            Tensor::bf16(&input),
            Tensor::bf16(&input),
            TensorMut::bf16(&mut out),
        )
        .unwrap();
    let value = f32::from_bits(u32::from(out[N - 1]) << 16);
    assert!((f64::from(value) - reference[0]).abs() < 4e-3);

    // 0.5 is 0x3800 in binary16; the result lies in [0.5, 1), where the exponent is the same.
    let (input, mut out) = ([0x3800u16; N], [0u16; N]);
    let mut state = scheduler.init(&options.dtype(Dtype::F16)).unwrap();
    state
        .step(
            Tensor::f16(&input),
            Tensor::f16(&input),
            TensorMut::f16(&mut out),
        )
        .unwrap();
    let mantissa = f64::from(out[0] & 0x3ff) / 1024.0;
    let exponent = i32::from(out[0] >> 10 & 31) - 15;
    let value = (1.0 + mantissa) * 2f64.powi(exponent);
    assert!(
        (value - reference[0]).abs() < 5e-4,
        "{value} {}",
        reference[0]
    );
}

#[test]
fn seeds_belong_to_items() {
    let scheduler = Scheduler::new(r#"{"_class_name": "DDIMScheduler"}"#).unwrap();
    let noise = |options: &InitOptions<'_>, len: usize| {
        let mut x = vec![0f32; len];
        let state = scheduler.init(options).unwrap();
        state.initial_noise(&mut x).unwrap();
        x
    };
    let both = noise(&InitOptions::new(5, 8).batch(2).item_seeds(&[7, 3]), 16);
    assert_eq!(both[..8], noise(&InitOptions::new(5, 8).seed(7), 8));
    assert_eq!(both[8..], noise(&InitOptions::new(5, 8).seed(3), 8));
}

#[test]
fn nan_stays_where_it_is() {
    let mut state = start("DPMSolverMultistepScheduler");
    let x = vec![0.5f32; N];
    let mut f = prediction(&x);
    f[3] = f32::NAN;
    let mut next = vec![0f32; N];
    state.step(&x, &f, &mut next).unwrap();
    assert!(next[3].is_nan());
    assert_eq!(next.iter().filter(|x| x.is_nan()).count(), 1);
}

#[test]
fn custom_lists_and_parts() {
    let scheduler = Scheduler::new(r#"{"_class_name": "EulerDiscreteScheduler"}"#).unwrap();
    let sigmas = [14.0, 5.0, 1.0, 0.0];
    let state = scheduler
        .init(&InitOptions::with_sigmas(&sigmas, 4))
        .unwrap();
    assert_eq!(state.sigmas().unwrap(), sigmas);
    let times = [900.0, 500.0, 100.0];
    let state = scheduler
        .init(&InitOptions::with_timesteps(&times, 4))
        .unwrap();
    assert_eq!(state.timesteps().unwrap(), times);
    let part = InitOptions::new(10, 4).begin_step(3).end_step(7);
    assert_eq!(scheduler.init(&part).unwrap().num_steps(), 4);
    let late = InitOptions::new(10, 4).strength(0.3);
    assert_eq!(scheduler.init(&late).unwrap().num_steps(), 3);
}

#[test]
fn tensors_of_tensors() {
    let mut state = start("DDIMScheduler");
    let mut values = vec![0.5f32; N];
    let f = prediction(&values);
    let mut x = TensorMut::from(&mut values);
    assert_eq!((x.len(), x.is_empty(), x.dtype()), (N, false, Dtype::F32));
    assert_eq!(Tensor::from(&x).len(), N);
    state.step_in_place(&mut x, &f).unwrap();
    state.step_in_place(x, &f).unwrap();
    assert_eq!(state.calls_done(), 2);
}

/// What `torch.manual_seed(0); torch.randn(12)` begins with.
#[test]
fn torch_draws_the_first_sample() {
    let options = InitOptions::new(10, 12)
        .generator(Generator::TorchCpu)
        .draw_policy(DrawPolicy::Diffusers);
    let state = support::scheduler("DDPMScheduler").init(&options);
    let mut x = [0f32; 12];
    state.unwrap().initial_noise(&mut x).unwrap();
    assert_eq!(
        x[..4],
        [1.540_996_1, -0.293_428_9, -2.178_789_4, 0.568_431_26]
    );
}

#[test]
fn noise_is_handed_in_where_there_is_no_generator() {
    let options = InitOptions::new(10, 12).generator(Generator::Caller);
    let mut state = support::scheduler("DDPMScheduler").init(&options).unwrap();
    let (mut x, f) = ([0f32; 12], [0f32; 12]);
    let error = state.step_in_place(&mut x, &f).unwrap_err();
    assert_eq!(error.status, Status::Argument);
    assert!(error.to_string().contains("noise[0]"), "{error}");
}

#[test]
fn options_of_the_noise_arrive() {
    let base = || InitOptions::new(10, 12).batch(2);
    let nx = || base().generator(Generator::Nx);
    let cuda = || base().generator(Generator::TorchCuda);
    for (options, words) in [
        (base().draw_policy(DrawPolicy::KDiffusion), "k_diffusion"),
        (base().noise_dtype(Dtype::F64), "noise_dtype is float64"),
        (nx().extra_draws(-7), "extra_draws is -7"),
        (
            nx().first_sample_draw(2_000_000),
            "first_sample_draw is 2000000",
        ),
        (
            cuda().cuda_multiprocessors(5000),
            "cuda_multiprocessors is 5000",
        ),
        (
            cuda()
                .cuda_multiprocessors(1)
                .cuda_threads_per_multiprocessor(300),
            "cuda_threads_per_multiprocessor is 300",
        ),
        (base().whole_batch(1), "whole_batch is 1"),
        (base().whole_elements(3), "whole_elements is 3"),
        (base().first_item(7), "first_item is 7"),
        (base().first_element(9), "first_element is 9"),
    ] {
        let error = support::scheduler("DDPMScheduler")
            .init(&options)
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn cards_have_names() {
    let cards = sched::cuda_cards();
    assert!(cards.contains(&"A100"));
    for card in cards {
        let options = InitOptions::new(10, 12).generator(Generator::TorchCuda);
        let state = support::scheduler("DDPMScheduler").init(&options.cuda_card(card).unwrap());
        assert!(state.is_ok(), "{card}");
    }
    let error = InitOptions::new(10, 12).cuda_card("Abacus").unwrap_err();
    assert!(error.to_string().contains("Abacus"), "{error}");
    assert!(InitOptions::new(10, 12).cuda_card("a\0b").is_err());
}

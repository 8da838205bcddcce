//! Who may be sent and shared is checked by the compiler; that it works, here.

mod support;

use sched::{
    Error, InitOptions, Scheduler, State, Status, StepArgs, Tensor, TensorMut, Vulkan, Weights,
};
use support::{bits, prediction, start, N};

const fn send<T: Send>() {}
const fn sync<T: Sync>() {}

const _: () = {
    send::<Scheduler>();
    sync::<Scheduler>();
    send::<State>();
    send::<Vulkan>();
    sync::<Vulkan>();
    send::<InitOptions<'_>>();
    sync::<InitOptions<'_>>();
    send::<Tensor<'_>>();
    sync::<Tensor<'_>>();
    send::<TensorMut<'_>>();
    sync::<TensorMut<'_>>();
    send::<StepArgs<'_>>();
    send::<Weights>();
    send::<Error>();
    sync::<Error>();
};

/// Does not compile where State is Sync: both traits would give `check` then.
const _: fn() = || {
    trait NotSync<Marker> {
        fn check() {}
    }
    impl<T: ?Sized> NotSync<()> for T {}
    #[allow(dead_code)]
    struct IsSync;
    impl<T: ?Sized + Sync> NotSync<IsSync> for T {}
    <State as NotSync<_>>::check();
};

fn finish(mut state: State) -> Vec<u32> {
    let mut x = vec![0f32; N];
    state.initial_noise(&mut x).unwrap();
    while state.next_call().unwrap().is_some() {
        let f = prediction(&x);
        state.step_in_place(&mut x, &f).unwrap();
    }
    bits(&x)
}

#[test]
fn schedulers_are_shared_and_states_sent() {
    let scheduler = support::scheduler("EulerAncestralDiscreteScheduler");
    let options = InitOptions::new(10, N / 2).batch(2).seed(42);
    let expected = finish(scheduler.init(&options).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(finish(scheduler.init(&options).unwrap()), expected);
                }
            });
        }
    });
    let state = scheduler.init(&options).unwrap();
    let other = std::thread::spawn(move || finish(state));
    assert_eq!(other.join().unwrap(), expected);
}

/// Long enough, with noise, that steps use their threads.
#[test]
fn steps_use_threads() {
    const ELEMENTS: usize = 150_001;
    let scheduler = support::scheduler("EulerAncestralDiscreteScheduler");
    let options = InitOptions::new(2, ELEMENTS).batch(2).seed(42);
    let run = |options: InitOptions<'_>| {
        let mut state = scheduler.init(&options).unwrap();
        let mut x = vec![0f32; 2 * ELEMENTS];
        state.initial_noise(&mut x).unwrap();
        while state.next_call().unwrap().is_some() {
            let f = prediction(&x);
            state.step_in_place(&mut x, &f).unwrap();
        }
        bits(&x)
    };
    let expected = run(options);
    for threads in [0, 1, 2, 5] {
        assert!(run(options.threads(threads)) == expected, "{threads}");
    }
    for threads in [257, usize::MAX] {
        let error = scheduler.init(&options.threads(threads)).unwrap_err();
        assert_eq!(error.status, Status::Value);
        assert!(error.to_string().contains("threads is "), "{error}");
    }
}

#[test]
fn drops_come_in_any_order() {
    let expected = finish(start("DPMSolverMultistepScheduler"));
    let scheduler = support::scheduler("DPMSolverMultistepScheduler");
    let clone = scheduler.clone();
    let options = InitOptions::new(10, N / 2).batch(2).seed(42);
    let state = scheduler.init(&options).unwrap();
    drop(scheduler);
    let second = clone.init(&options).unwrap();
    drop(clone);
    let third = second.try_clone().unwrap();
    drop(second);
    assert_eq!(finish(state), expected);
    assert_eq!(finish(third), expected);
}

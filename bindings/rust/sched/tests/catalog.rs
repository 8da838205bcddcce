//! What the library knows, and that its strings arrive.

mod support;

use sched::{InitOptions, Kernel, Method, Name, NameKind, Scheduler, Stochastic};

#[test]
fn methods_are_listed_and_found() {
    let methods = sched::methods();
    assert!(methods.len() > 44, "{}", methods.len());
    for (index, method) in methods.iter().enumerate() {
        assert_eq!(method.index, index);
        assert!(
            !method.name.is_empty() && !method.paper.is_empty(),
            "{method:?}"
        );
        assert!(method.calls_per_step >= 1);
        let key = match method.class_name {
            "" => method.name,
            class => class,
        };
        assert_eq!(Method::find(key), Some(*method), "{key}");
        for option in method.options() {
            assert!(
                !option.name.is_empty() && !option.kind.is_empty(),
                "{option:?}"
            );
        }
    }
    let euler = Method::find("EulerDiscreteScheduler").unwrap();
    assert_eq!(euler.name, "euler");
    assert_eq!(euler.stochastic, Stochastic::Optional);
    let options = euler.options();
    let spacing = options
        .iter()
        .find(|o| o.name == "timestep_spacing")
        .unwrap();
    assert_eq!(spacing.default, "\"linspace\"");
    assert_eq!(spacing.allowed, "linspace | leading | trailing");
    assert!(options
        .iter()
        .any(|option| option.at_init && option.name == "s_churn"));
    assert_eq!(Method::find("Nope"), None);
    assert_eq!(Method::find("DDIM\0Scheduler"), None);
    assert_eq!(support::scheduler("EulerDiscreteScheduler").method(), euler);
}

#[test]
fn names_are_listed_and_found() {
    let names = sched::names();
    assert!(names.len() > 100, "{}", names.len());
    for name in &names {
        assert!(
            Name::find(name.name, Some(name.system)).is_some(),
            "{name:?}"
        );
        assert!(name.composition.starts_with('{'));
    }
    assert!(names.iter().any(|name| name.kind == NameKind::Schedule));
    let name = Name::find("dpm++ 2m karras", Some("A1111")).unwrap();
    assert_eq!(name.name, "DPM++ 2M Karras");
    assert_eq!(name.kind, NameKind::Sampler);
    let state = Scheduler::new(name.composition)
        .unwrap()
        .init(&InitOptions::new(10, 4));
    assert_eq!(state.unwrap().num_steps(), 10);
    assert_eq!(Name::find("Nope", None), None);
    assert_eq!(Name::find("Euler\0", None), None);
    assert_eq!(Name::find("Euler", Some("Nope")), None);
}

#[test]
fn quirks_are_described() {
    let quirks = support::scheduler("DDIMScheduler").quirks();
    assert!(!quirks.is_empty());
    for quirk in quirks {
        assert!(sched::quirk_description(quirk).is_some_and(|text| text.len() > 20));
    }
    let own = Scheduler::new(r#"{"solver": "ddim"}"#).unwrap();
    assert!(own.quirks().is_empty());
    assert_eq!(sched::quirk_description("nope"), None);
}

#[test]
fn versions_and_kernels() {
    assert_eq!(sched::version(), "0.1.0");
    assert_eq!(sched::version_number(), 100);
    assert!(Kernel::Reference.is_available() && Kernel::Fused.is_available());
}

//! The recorded loops of bindings/conformance/loops.txt; see `examples/replay`.

#[path = "../examples/replay/json.rs"]
mod json;
#[path = "../examples/replay/recorded.rs"]
mod recorded;
#[path = "../examples/replay/replay.rs"]
mod replay;
#[path = "../examples/replay/safetensors.rs"]
mod safetensors;

use std::path::Path;

#[test]
fn recorded_loops() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let list = std::fs::read_to_string(repository.join("bindings/conformance/loops.txt")).unwrap();
    let (mut loops, mut calls, mut largest, mut bits) = (0, 0, 0f64, replay::Bits::new());
    let mut failures = Vec::new();
    for name in list.lines().map(str::trim) {
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        loops += 1;
        match replay::replay(&repository.join("tests/golden").join(name), &mut bits) {
            Ok(verdict) => {
                assert!(!verdict.method.is_empty());
                calls += verdict.calls;
                largest = largest.max(verdict.error);
            }
            Err(sentence) => failures.push(format!("{name}: {sentence}")),
        }
    }
    println!("{loops} loops, {calls} calls, largest error {largest:.2e}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(loops >= 48, "{loops}");
    assert!(largest <= replay::TOLERANCE);
    // What another language has got, where the caller knows it.
    if let Ok(expected) = std::env::var("SCHED_CONFORMANCE_BITS") {
        assert_eq!(format!("{:016x}", bits.0), expected);
    }
}

#[test]
fn files_that_are_no_loops() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("short", b"\x05\0\0\0\0\0\0\0{}"),
        ("text", b"\x02\0\0\0\0\0\0\0{]"),
        ("bare", b"\x02\0\0\0\0\0\0\0{}"),
        (
            "outside",
            b"\x3d\0\0\0\0\0\0\0{\"init\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}    ",
        ),
    ] {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        println!("{name}: {}", replay::replay(&path, &mut replay::Bits::new()).unwrap_err());
    }
}

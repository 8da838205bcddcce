//! Replays recorded loops of diffusers and k-diffusion (tests/golden) in float32.
//!
//! `cargo run --example replay` takes the loops of bindings/conformance/loops.txt,
//! `cargo run --example replay -- FILE...` others.

mod json;
mod recorded;
#[allow(clippy::module_inception)]
mod replay;
mod safetensors;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The repository that this crate lies in.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The files of the list that the bindings of all languages share.
fn listed() -> std::io::Result<Vec<PathBuf>> {
    let list = std::fs::read_to_string(repository().join("bindings/conformance/loops.txt"))?;
    Ok(list
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| repository().join("tests/golden").join(line))
        .collect())
}

fn main() -> ExitCode {
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        match listed() {
            Ok(list) => files = list,
            Err(error) => {
                eprintln!("bindings/conformance/loops.txt: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let (mut largest, mut failed, mut bits) = (0f64, 0, replay::Bits::new());
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match replay::replay(path, &mut bits) {
            Ok(verdict) => {
                let replay::Verdict {
                    method,
                    calls,
                    error,
                } = verdict;
                println!("{name:32} {method:36} {calls:4} calls  {error:.2e}  pass");
                largest = largest.max(error);
            }
            Err(sentence) => {
                println!("{name:32} FAIL  {sentence}");
                failed += 1;
            }
        }
    }
    println!(
        "{} loops, {failed} failed, largest error {largest:.2e}, bits {:016x}",
        files.len(),
        bits.0
    );
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

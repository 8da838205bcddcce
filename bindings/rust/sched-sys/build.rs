//! Finds libsched, in this order:
//!
//! 1. `SCHED_LIB_DIR`, a directory with the library in it; with `SCHED_STATIC` set to
//!    anything but 0 the static one.
//! 2. `pkg-config sched`, run as a program (`PKG_CONFIG` names another); `SCHED_STATIC` asks
//!    for the static library here too.
//! 3. The build tree of the repository that this crate lies in, `build/lib`.
//!
//! A static library needs the C++ runtime and what it was built with.  Those names come from
//! the library's own sched.pc, and where that is not found from `SCHED_STATIC_LIBS` (names
//! separated by spaces, "stdc++ m dl" where it is not set).

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: [&str; 4] = ["libsched.so", "libsched.dylib", "sched.lib", "libsched.a"];

fn main() {
    for name in [
        "SCHED_LIB_DIR",
        "SCHED_STATIC",
        "SCHED_STATIC_LIBS",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "DOCS_RS",
    ] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    // Documentation is built where there is no library; nothing is linked then.
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    let is_static = env::var("SCHED_STATIC").is_ok_and(|value| value != "0");
    if let Some(dir) = env::var_os("SCHED_LIB_DIR") {
        let dir = PathBuf::from(dir);
        assert!(
            has_library(&dir),
            "SCHED_LIB_DIR is {}, where there is no libsched",
            dir.display()
        );
        return link(&dir, is_static);
    }
    if let Some(flags) = pkg_config(None, is_static) {
        return link_by_flags(&flags, is_static);
    }
    let tree = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../../build/lib");
    assert!(
        has_library(&tree),
        "libsched was not found: SCHED_LIB_DIR is not set, pkg-config knows no sched, and {} \
         has no library",
        tree.display()
    );
    link(&tree, is_static);
}

fn has_library(dir: &Path) -> bool {
    NAMES.iter().any(|name| dir.join(name).exists())
}

fn link(dir: &Path, is_static: bool) {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    println!("cargo:rustc-link-search=native={}", dir.display());
    println!("cargo:root={}", dir.display());
    if !is_static {
        println!("cargo:rustc-link-lib=dylib=sched");
        return;
    }
    println!("cargo:rustc-link-lib=static=sched");
    if let Some(flags) = pkg_config(Some(&dir), true) {
        return link_dependencies(&flags);
    }
    let names = env::var("SCHED_STATIC_LIBS").unwrap_or_else(|_| "stdc++ m dl".to_string());
    for name in names.split_whitespace() {
        println!("cargo:rustc-link-lib=dylib={name}");
    }
}

/// What `pkg-config --libs sched` prints.  `dir` asks for the library of that directory: its
/// sched.pc lies in pkgconfig/ once installed, and in ../core in a build tree.
fn pkg_config(dir: Option<&Path>, is_static: bool) -> Option<Vec<String>> {
    let program = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let mut command = Command::new(program);
    command.args(["--libs", "sched"]);
    if is_static {
        command.arg("--static");
    }
    if let Some(dir) = dir {
        let places = [dir.join("pkgconfig"), dir.join("../core")];
        if !places.iter().any(|place| place.join("sched.pc").exists()) {
            return None;
        }
        command.env("PKG_CONFIG_PATH", env::join_paths(places).ok()?);
    }
    let output = command.output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split_whitespace().map(str::to_string).collect())
}

fn link_by_flags(flags: &[String], is_static: bool) {
    let kind = if is_static { "static" } else { "dylib" };
    for flag in flags {
        if let Some(dir) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={dir}");
        }
    }
    println!("cargo:rustc-link-lib={kind}=sched");
    link_dependencies(flags);
}

fn link_dependencies(flags: &[String]) {
    for flag in flags {
        match (flag.strip_prefix("-L"), flag.strip_prefix("-l")) {
            (Some(dir), _) => println!("cargo:rustc-link-search=native={dir}"),
            (_, Some(name)) if name != "sched" => println!("cargo:rustc-link-lib=dylib={name}"),
            _ => {}
        }
    }
}

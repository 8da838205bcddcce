//! The C ABI of sched: `sched/sched.h` and `sched/sched_vulkan.h`, name for name.
//!
//! The headers are the manual: shapes, ownership, threads and errors of every function are
//! said there.  The crate `sched` is the safe way in.
//!
//! `src/bindings.rs` is kept by hand, so that a build needs neither bindgen nor a C compiler.
//! `tests/layout.rs` compiles the headers and compares every size, offset, constant and
//! initialiser with it.
//!
//! Where the library is found is told at the top of `build.rs`.

#![allow(non_camel_case_types)]

mod bindings;

pub use bindings::*;

#!/bin/sh
# Formats, lints and tests the Rust crates against a build tree of the library, without a network.
# usage: test.sh BUILD_DIR
# The last line is "rust: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ] || [ ! -d "$1/lib" ]; then
  echo "usage: test.sh BUILD_DIR (a directory with lib/ in it)" >&2
  exit 2
fi
SCHED_LIB_DIR=$(cd "$1/lib" && pwd) || exit 2
LD_LIBRARY_PATH=$SCHED_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export SCHED_LIB_DIR LD_LIBRARY_PATH
cd "$(dirname "$0")" || exit 2

log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
. ../../tests/check.sh

check fmt cargo fmt --all --check
check clippy cargo clippy --offline --locked --quiet --all-targets -- -D warnings
check doc env RUSTDOCFLAGS=-Dwarnings cargo doc --offline --locked --quiet --no-deps

cargo test --offline --locked --no-fail-fast >"$log" 2>&1
status=$?
cat "$log"
counts=$(awk '/^test result:/ {p += $4; f += $6} END {print p + 0, f + 0}' "$log")
passed=$((passed + ${counts% *}))
failed=$((failed + ${counts#* }))
# What did not even run, as where it does not compile or is killed, is no count of cargo's.
if [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then
  failed=$((failed + 1))
fi

check replay cargo run --offline --locked --quiet --release --example replay
check overhead cargo run --offline --locked --quiet --release --example overhead

finish rust

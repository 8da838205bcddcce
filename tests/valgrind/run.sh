#!/bin/sh
# Runs the C programs of the tests, the README's loop and the recorded loops in valgrind: no invalid
# or uninitialised memory is used, and none is lost.  Valgrind has no AVX-512 and says so to the
# library and to OpenBLAS, which choose AVX2 then; the bits are to be the same.
# usage: run.sh BUILD_DIR     a build of the preset `release`
# The last line is "valgrind: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ] || [ ! -x "$1/bin/sched" ]; then
  echo "usage: run.sh BUILD_DIR (a directory with bin/sched in it)" >&2
  exit 2
fi
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$source/tests/check.sh"
LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# What the program prints is in $work/out, and shown where something is wrong.
clean() {
  valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
    --show-leak-kinds=definite,indirect,possible --error-exitcode=99 \
    --suppressions="$source/tests/valgrind/others.supp" "$@" >"$work/out" 2>"$work/err" && return 0
  tail -n 20 "$work/out"
  cat "$work/err"
  return 1
}

# The README's loop with what the command in $1 makes of it, as program $2.
compile_loop() {
  fenced c "$source/README.md" | $1 >"$work/$2.c" &&
    "${CC:-cc}" -std=c99 -g "$work/$2.c" -I"$source/include" -L"$build/lib" -lsched -o "$work/$2"
}

without_frees() { grep -v '^ *sched_.*free('; }

# Proves that the rest would be seen.
loses_memory() {
  compile_loop without_frees leak && ! clean "$work/leak" >"$work/log" &&
    grep -q 'lost in loss record' "$work/log"
}

replays() {
  clean "$build/bin/sched" replay --kernel "$1" "$source"/tests/golden/*/*.safetensors
}

keeps_bits() {
  expected=$("$source/tests/conformance/bits.sh" "$build") || return 1
  printf '#!/bin/sh\nexec valgrind --quiet --error-exitcode=99 "%s" "$@"\n' "$build/bin/sched" \
    >"$work/bin/sched" && chmod +x "$work/bin/sched" || return 1
  bits=$("$source/tests/conformance/bits.sh" "$work") || return 1
  echo "bits $bits"
  [ -n "$bits" ] && [ "$bits" = "$expected" ]
}

mkdir "$work/bin" || exit 2
check leak loses_memory
check abi_header clean "$build/bin/abi_header_c"
check abi_flat clean "$build/bin/abi_flat_c"
check bad_input clean "$build/bin/bad_input"
check unload clean "$build/bin/unload_test" "$build/lib/libsched.so"
check loop compile_loop cat loop
check loop clean "$work/loop"
for kernel in reference fused blas; do
  check "replay $kernel" replays "$kernel"
done
check bits keeps_bits
finish valgrind

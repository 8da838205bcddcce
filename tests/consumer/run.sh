#!/bin/sh
# Installs a build into a new folder and uses it as a stranger would: through CMake,
# through pkg-config, and by looking at what was installed.
#
#   tests/consumer/run.sh [BUILD_FOLDER]     default: build
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() {
  echo "consumer: $*" >&2
  exit 1
}

if ! cmake --install "$build" --prefix "$prefix" >"$work/install.log" 2>&1; then
  cat "$work/install.log"
  fail "installing $build failed"
fi

# The header is only ever <sched/sched.h>: POSIX owns <sched.h>.
[ -f "$prefix/include/sched/sched.h" ] || fail "no include/sched/sched.h"
[ -f "$prefix/include/sched/sched.hpp" ] || fail "no include/sched/sched.hpp"
for name in vulkan device flat; do
  [ -f "$prefix/include/sched/sched_$name.h" ] || fail "no include/sched/sched_$name.h"
done
[ ! -e "$prefix/include/sched.h" ] || fail "a sched.h at the root of the include folder"

library=$(find "$prefix" -name 'libsched.so' | head -n 1)
[ -n "$library" ] || fail "no libsched.so"
folder=$(dirname "$library")

# Nothing but the interface is exported.  SCHED_* is the version node of the symbols.
symbols=$(nm -D --defined-only "$library" | awk '{print $NF}' | sed 's/@.*//' | grep -v '^SCHED_' |
  sort -u)
strangers=$(printf '%s\n' "$symbols" | grep -v '^sched_' || true)
[ -z "$strangers" ] || fail "exported besides sched_*: $strangers"
declared=$(cat "$prefix"/include/sched/*.h | tr '\n' ' ' | grep -o 'SCHED_API [^;]*' | grep -o 'sched_[a-z_]*(' | tr -d '(' | sort -u)
[ -n "$declared" ] || fail "no declarations found in the headers"
for name in $declared; do
  printf '%s\n' "$symbols" | grep -qx "$name" || fail "declared and not exported: $name"
done
for name in $symbols; do
  printf '%s\n' "$declared" | grep -qx "$name" || fail "exported and not declared: $name"
done
echo "consumer: $(printf '%s\n' "$symbols" | wc -l) symbols, all sched_* and all declared"

# Relocatable: no file for other builds names the folder that this one was built in.
source=$(cd "$here/../.." && pwd)
for file in "$folder"/cmake/sched/*.cmake "$folder/pkgconfig/sched.pc"; do
  if grep -q "$source" "$file"; then fail "$file names the source folder"; fi
done

build_through_cmake() {
  cmake -S "$here" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/cmake"
}
if ! build_through_cmake >"$work/cmake.log" 2>&1; then
  cat "$work/cmake.log"
  fail "building through find_package failed"
fi
"$work/cmake/consumer" || fail "the program built through find_package failed"

PKG_CONFIG_PATH=$folder/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs sched)
# The flags are words, not one argument.
# shellcheck disable=SC2086
"${CC:-cc}" -std=c99 -pedantic -Wall -Wextra -Werror "$here/consumer.c" -o "$work/consumer" $flags ||
  fail "building through pkg-config failed; the flags were: $flags"
LD_LIBRARY_PATH=$folder "$work/consumer" || fail "the program built through pkg-config failed"
[ "$(pkg-config --modversion sched)" = 0.1.0 ] || fail "sched.pc has another version"
echo "consumer: passed"

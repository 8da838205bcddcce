#!/bin/sh
# The first C block of the README compiles as it stands, runs, and gives what it should.
# usage: run.sh README COMPILER LIBRARY_DIR INCLUDE_DIR [FLAG...]
set -eu
readme=$1 compiler=$2 library=$3 include=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk '/^```c$/ {on = 1; next} /^```$/ && on {exit} on' "$readme" >"$work/loop.c"
"$compiler" -std=c99 -Wall -Wextra -pedantic -Werror "$@" "$work/loop.c" -I"$include" \
  -L"$library" -lsched -Wl,-rpath,"$library" -o "$work/loop"
output=$("$work/loop")
echo "$output"
[ "$output" = "1.000000 1.000000 1.000000 1.000000" ]

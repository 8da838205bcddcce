#!/bin/sh
# The hash of the bits that the library gives for the recorded loops of every language.
# usage: bits.sh BUILD_DIR
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
files=$(sed '/^#/d; /^[[:space:]]*$/d' "$root/bindings/conformance/loops.txt" |
  while IFS= read -r name; do printf '%s\n' "$root/tests/golden/$name"; done)
# Names without blanks, so they are words.
# shellcheck disable=SC2086
"$1/bin/sched" replay $files | sed -n 's/.*, bits \([0-9a-f]*\)$/\1/p'

#!/bin/sh
# What the library exports is what symbols.txt says: a function that is gone or new is seen in
# review.  On purpose: tests/abi/symbols.sh LIBRARY --write
# usage: symbols.sh LIBRARY
set -eu

list=$(cd "$(dirname "$0")" && pwd)/symbols.txt
exported() {
  nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort
}

if [ "${2:-}" = --write ]; then
  exported "$1" >"$list"
elif ! exported "$1" | diff "$list" - >&2; then
  echo "symbols: the library exports (>) other names than tests/abi/symbols.txt (<)" >&2
  exit 1
fi

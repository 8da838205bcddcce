#!/bin/sh
# Programs of an older interface run against this library: the C tests of a commit, compiled with
# that commit's headers, and linked to the library as it is now.
# usage: previous.sh LIBRARY [COMMIT]      CC and CFLAGS as usual; COMMIT: HEAD~1
#
# Where there is no git history (an archive of the source, a shallow clone), the interface that is
# kept in tests/abi/first stands in for the previous commit; it is run in any case.
set -eu

library=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# usage: run FOLDER NAME: the programs in FOLDER/tests with the headers in FOLDER/include
run() {
  for program in tests/api/abi_header.c tests/api/abi_flat.c tests/api/bad_input.c \
    tests/consumer/consumer.c; do
    # Not every commit has every program.
    [ -f "$1/$program" ] || continue
    # shellcheck disable=SC2086
    ${CC:-cc} ${CFLAGS:-} -I "$1/include" -o "$scratch/program" "$1/$program" "$library" \
      -Wl,-rpath,"$(dirname "$library")" -lm
    if ! (cd "$scratch" && ./program >program.log 2>&1); then
      cat "$scratch/program.log" >&2
      echo "previous: $program of $2 fails with this library" >&2
      exit 1
    fi
    echo "$2: $program runs"
  done
}

run "$here/first" "the first interface"
commit=${2:-HEAD~1}
if git -C "$root" rev-parse --quiet --verify "$commit^{commit}" >/dev/null 2>&1; then
  mkdir "$scratch/previous"
  git -C "$root" archive "$commit" include tests/api tests/consumer | tar -x -C "$scratch/previous"
  run "$scratch/previous" "$commit"
fi

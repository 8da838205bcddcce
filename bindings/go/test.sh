#!/bin/sh
# Formats, vets and tests the Go package against a build tree of the library, without a network.
# usage: test.sh BUILD_DIR
# The last line is "go: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ] || [ ! -d "$1/lib" ]; then
  echo "usage: test.sh BUILD_DIR (a directory with lib/ in it)" >&2
  exit 2
fi
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")" || exit 2
repository=$(cd ../.. && pwd) || exit 2
scratch=$build/bindings/go
rm -rf "$scratch" && mkdir -p "$scratch" || exit 2
export GOPROXY=off GOFLAGS=-mod=mod GOCACHE="${GOCACHE:-$build/bindings/go-cache}"
unset CGO_CFLAGS CGO_LDFLAGS
. ../../tests/check.sh

# Runs a command with the library of the build tree.
in_tree() {
  env GOFLAGS="$GOFLAGS -tags=sched_build" CGO_CFLAGS="-O1 -I$repository/include" \
    CGO_LDFLAGS="-L$build/lib -lsched" LD_LIBRARY_PATH="$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"
}

# The committed files are what SWIG makes of the interface.
is_generated() {
  mkdir "$scratch/raw" && ./generate.sh "$scratch/raw" &&
    diff "$scratch/raw/raw.go" internal/raw/raw.go && diff "$scratch/raw/raw_wrap.c" internal/raw/raw_wrap.c
}

# Another SWIG writes other files, so it is refused.
refuses_other_swig() {
  printf '%s\n' '#!/bin/sh' 'echo "SWIG Version 4.2.0"' >"$scratch/swig" && chmod +x "$scratch/swig"
  ! SWIG=$scratch/swig ./generate.sh "$scratch/raw" 2>"$scratch/swig.log" && grep -q 'this is 4.2.0' "$scratch/swig.log"
}

is_formatted() {
  unformatted=$(gofmt -l .) && [ -z "$unformatted" ] || { echo "$unformatted"; return 1; }
}

# The program of the README, as a module that vendors this one and finds an installed library.
consume() {
  mkdir "$scratch/consumer" || return 1
  fenced go README.md >"$scratch/consumer/main.go"
  cat >"$scratch/consumer/go.mod" <<END
module consumer

go 1.19

require github.com/sched/sched/bindings/go v0.0.0

replace github.com/sched/sched/bindings/go => $PWD
END
  cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/install.log" || return 1
  pc=$(find "$scratch/prefix" -name sched.pc) || return 1
  (
    cd "$scratch/consumer" && go mod vendor || exit 1
    # Nothing of the repository is left but what was vendored.
    GOFLAGS=-mod=vendor PKG_CONFIG_PATH=$(dirname "$pc") go build -o loop . || exit 1
    said=$(LD_LIBRARY_PATH=$(dirname "$pc")/.. ./loop) || exit 1
    echo "README: $said"
    # What the C call gives.
    [ "$said" = "-0.999999881 0.999999940 0.999999881 0.999999940" ]
  )
}

check generate is_generated
check swig refuses_other_swig
check gofmt is_formatted
check vet in_tree go vet ./...

in_tree env GODEBUG=cgocheck=2 go test -count=1 -v ./... >"$scratch/test.log" 2>&1
status=$?
cat "$scratch/test.log"
tests_passed=$(grep -c '^ *--- PASS' "$scratch/test.log")
tests_failed=$(grep -c '^ *--- FAIL' "$scratch/test.log")
# What did not even run, as where it does not compile or is killed, is no test's failure.
if [ "$status" -ne 0 ] && [ "$tests_failed" -eq 0 ]; then
  tests_failed=1
fi
passed=$((passed + tests_passed)) failed=$((failed + tests_failed))

# The bits of the loops are those of C++.
[ -n "${SCHED_CONFORMANCE_BITS:-}" ] || SCHED_CONFORMANCE_BITS=$("$repository/tests/conformance/bits.sh" "$build")
export SCHED_CONFORMANCE_BITS
check race in_tree go test -count=1 -race .
check replay in_tree go run ./internal/replay "$repository"
check overhead in_tree go run ./internal/overhead
check consumer consume

finish go

#!/bin/sh
# The README's loop in each language: compiles as it stands, runs, and prints what it prints in C,
# to the last digit.
# usage: loops.sh BUILD_DIR [LANGUAGE...]     of c cpp rust java csharp go; default: all
#
# The last line is "readme: N passed, M failed"; the exit code is 0 where none failed.  A language
# whose tools are missing is skipped, but where ALL_TOOLS=1.
set -u

if [ $# -lt 1 ] || [ ! -d "$1/lib" ]; then
  echo "usage: loops.sh BUILD_DIR [LANGUAGE...] (a directory with lib/ in it)" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- c cpp rust java csharp go
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/check.sh"
LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

block() { fenced "$1" "$root/README.md"; }

# Each prints the output of its language's loop.  $work is the folder to work in.
run_c() {
  block c >"$work/loop.c"
  # Flags are words.
  # shellcheck disable=SC2086
  "${CC:-cc}" -std=c99 -Wall -Wextra -pedantic -Werror ${CFLAGS:-} "$work/loop.c" \
    -I"$root/include" -L"$build/lib" -lsched -o "$work/c" && "$work/c"
}

run_cpp() {
  block cpp >"$work/loop.cpp"
  # shellcheck disable=SC2086
  "${CXX:-c++}" -std=c++17 -Wall -Wextra -pedantic -Werror ${CFLAGS:-} "$work/loop.cpp" \
    -I"$root/include" -L"$build/lib" -lsched -o "$work/cpp" && "$work/cpp"
}

run_rust() {
  mkdir -p "$work/rust/src"
  block rust >"$work/rust/src/main.rs"
  printf '%s\n' '[package]' 'name = "loop"' 'version = "0.1.0"' 'edition = "2021"' '' \
    '[dependencies]' "sched = {path = \"$root/bindings/rust/sched\"}" >"$work/rust/Cargo.toml"
  SCHED_LIB_DIR=$build/lib CARGO_TARGET_DIR=$root/bindings/rust/target \
    cargo run --offline --quiet --manifest-path "$work/rust/Cargo.toml"
}

run_java() {
  mkdir -p "$work/java"
  block java >"$work/java/Loop.java"
  java -cp "$build/java/sched-0.1.0.jar" "$work/java/Loop.java"
}

run_csharp() {
  mkdir -p "$work/csharp"
  block csharp >"$work/csharp/Program.cs"
  cat >"$work/csharp/Loop.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net$(dotnet --version | sed 's/\.[^.]*$//')</TargetFramework>
  </PropertyGroup>
  <ItemGroup>
    <Reference Include="$build/csharp/bin/Sched.dll" />
  </ItemGroup>
</Project>
END
  dotnet run --project "$work/csharp/Loop.csproj"
}

run_go() {
  mkdir -p "$work/go"
  block go >"$work/go/main.go"
  module=$(sed -n 's/^module //p' "$root/bindings/go/go.mod")
  printf '%s\n' 'module loop' 'go 1.19' "require $module v0.0.0" \
    "replace $module => $root/bindings/go" >"$work/go/go.mod"
  (cd "$work/go" && CGO_CFLAGS=-I$root/include CGO_LDFLAGS="-L$build/lib -lsched" \
    GOFLAGS=-mod=mod GOPROXY=off GOCACHE="${GOCACHE:-$build/bindings/go-cache}" \
    go run -tags sched_build .)
}

tool_of() {
  case $1 in
    c) echo "${CC:-cc}" ;;
    cpp) echo "${CXX:-c++}" ;;
    rust) echo cargo ;;
    java | go) echo "$1" ;;
    csharp) echo dotnet ;;
    *) echo "loops.sh: unknown language '$1'" >&2 ;;
  esac
}

# Prints a language's output, and what went wrong where it is not C's.
same() {
  output=$("run_$1" 2>"$work/log")
  status=$?
  echo "$1: $output"
  [ "$status" -eq 0 ] && [ "$output" = "$expected" ] && return
  echo "$1 ended with $status"
  cat "$work/log"
  return 1
}

check_language() {
  tool=$(tool_of "$1")
  if ! command -v "$tool" >/dev/null 2>&1 && [ "${ALL_TOOLS:-0}" = 0 ]; then
    echo "skipped $1: there is no $tool here"
    return
  fi
  check "$1" same "$1"
}

# What C prints, near the numbers that the model has seen, and not all the same.
expected=$(run_c)
if ! echo "$expected" | awk '
  NF == 4 {for (i = 1; i <= 4; ++i) {v = $i < 0 ? -$i : $i; good += v > 0.999999 && v < 1.000001
    if ($i < 0) ++low}}
  END {exit good != 4 || low == 0 || low == 4}'; then
  echo "FAILED: C printed: $expected"
  failed=$((failed + 1))
fi
for language in "$@"; do check_language "$language"; done
finish readme

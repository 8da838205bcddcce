#!/bin/sh
# One command from a fresh checkout to something that runs.  See `./bootstrap.sh help`.
set -eu

root=$(cd "$(dirname "$0")" && pwd)

# What the project needs on Debian and Ubuntu.
packages="
g++
cmake
ninja-build
pkg-config
libopenblas-dev
nlohmann-json3-dev
libcli11-dev
libstb-dev
libgtest-dev
libvulkan-dev
libvulkan-volk-dev
glslang-tools
spirv-tools
mesa-vulkan-drivers
"

# What only the tests need: the validation layer, and the languages.  .NET and a new enough Rust are
# no packages of Debian's.
test_packages="
vulkan-validationlayers
swig
default-jdk-headless
junit4
clang-format
golang-go
mono-mcs
mono-runtime
g++-aarch64-linux-gnu
qemu-user
clang
libclang-rt-dev
clang-tidy
cppcheck
valgrind
abigail-tools
"

usage() {
  cat <<'END'
usage: ./bootstrap.sh COMMAND

  build          installs what is missing and builds: build/bin/sched, build/lib
  demo [ARG...]  builds, then runs `build/bin/sched demo ARG...`
  bench [ARG...] builds, then runs `build/bin/sched_bench ARG...`: tables, and CSV and PNG files in
                 build/bench; about 8 minutes, with --quick about 2; --help lists the rest
  test           builds and runs every test: those of C and C++, of every language's binding,
                 of the library for arm64, under the sanitizers and valgrind, the fuzzers, and static
                 checks;
                 the last line is "N passed, N failed"
  packages       a table of every package that it needs: version where installed, and licence
  help           this text

On Debian and Ubuntu missing packages are installed with apt-get; elsewhere they are
named, and nothing is installed.

  WERROR=1       compiler warnings are errors
  JOBS=N         parallel jobs; default: every core, 1.5 GiB of memory for each
  ALL_TOOLS=1    a language whose tools are missing is a failure; else it is skipped, and counted
END
}

# ------------------------------------------------------------------ packages

missing_packages() {
  for package in "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    echo "bootstrap: not root, and there is no sudo; run as root: $*" >&2
    exit 1
  fi
}

# Installs those of the packages that are missing.
install_missing() {
  if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
    echo "bootstrap: no apt-get here.  Install what your system calls these:" >&2
    for package in "$@"; do echo "  $package" >&2; done
    echo "then: cmake --preset release && cmake --build build && ctest --test-dir build" >&2
    exit 1
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  echo "bootstrap: installing $missing"
  as_root apt-get update -qq
  # The names are words, not one argument.
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

version_of() {
  # dpkg-query's format, not the shell's.
  # shellcheck disable=SC2016
  version=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null || true)
  echo "${version:-not installed}"
}

# What a build is made with, one package a line, where the system says it.
print_versions() {
  command -v dpkg-query >/dev/null 2>&1 || return 0
  for package in "$@"; do echo "$package $(version_of "$package")"; done
}

# The licence of a package's files as its copyright file says it.  Those of a few say it in prose.
licence_of() {
  case $1 in
    g++*) echo "GPL-3+ with GCC Runtime Library Exception" ;;
    clang* | libclang*) echo "Apache-2.0 with LLVM-exception" ;;
    swig) echo "GPL-3+" ;;
    qemu-user) echo "GPL-2" ;;
    *)
      licence=$(awk '
        /^Files:/ {all = ($2 == "*")}
        all && /^License:/ {sub(/^License: */, ""); print; exit}
      ' "/usr/share/doc/$1/copyright" 2>/dev/null || true)
      echo "${licence:-see /usr/share/doc/$1/copyright}"
      ;;
  esac
}

# usage: print_table WHAT PACKAGE...
print_table() {
  needed_by=$1
  shift
  for package in "$@"; do
    printf '%-24s %-30s %-6s %s\n' "$package" "$(version_of "$package")" "$needed_by" \
      "$(licence_of "$package")"
  done
}

# --------------------------------------------------------------------- build

# As many jobs as there are cores, but no more than memory is free for.
job_count() {
  if [ -n "${JOBS:-}" ]; then
    echo "$JOBS"
    return
  fi
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
  memory=$cores
  if [ -r /proc/meminfo ]; then
    kilobytes=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
    memory=$((kilobytes / 1572864))
  fi
  if [ "$memory" -lt "$cores" ]; then cores=$memory; fi
  if [ "$cores" -lt 1 ]; then cores=1; fi
  echo "$cores"
}

build() {
  werror=OFF
  if [ "${WERROR:-0}" != 0 ]; then werror=ON; fi
  (cd "$root" && cmake --preset "$1" -DSCHED_WERROR=$werror)
  cmake --build "$2" --parallel "$(job_count)"
}

# ---------------------------------------------------------------------- test

passed=0
failed=0

attribute() {
  sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1
}

# Runs CTest in a build folder and adds what it counted.  A GoogleTest program is a few tests of
# CTest's, and counts as many as it says itself.
run_ctest() {
  report=$1/tests.xml
  rm -f "$report"
  (cd "$1" && ctest --output-on-failure --parallel "$(job_count)" --output-junit "$report" \
    --test-output-size-passed 1000000 --test-output-size-failed 1000000) || true
  if [ ! -s "$report" ]; then
    echo "bootstrap: CTest wrote no report in $1" >&2
    failed=$((failed + 1))
    return
  fi
  # The attributes of <testsuite> stand on lines of their own.
  head -n 12 "$report" | sed 's/^[[:space:]]*/ /' >"$report.head"
  all=$(attribute tests "$report.head")
  wrong=$(attribute failures "$report.head")
  skipped=$(attribute skipped "$report.head")
  disabled=$(attribute disabled "$report.head")
  rm -f "$report.head"
  if [ "$all" -eq 0 ]; then
    echo "bootstrap: no tests in $1" >&2
    wrong=1
    all=1
  fi
  passed=$((passed + all - wrong - skipped - disabled + $(cases_within PASSED "$report")))
  failed=$((failed + wrong + $(cases_within FAILED "$report")))
}

# How many more tests than programs say that they PASSED or FAILED.  A program with a failure has
# passed in part, which is not counted.
cases_within() {
  awk -v what="$1" '
    /<testcase/ {failing = /status="fail"/}
    match($0, "\\[  " what "  \\] [0-9]+ test") && (what == "FAILED") == failing {
      text = substr($0, RSTART, RLENGTH)
      gsub(/[^0-9]/, "", text)
      more += text - 1
    }
    END {print more + 0}' "$2"
}

# Runs a script whose last line is "NAME: N passed, M failed", and adds that.
# usage: run_counted NAME SCRIPT, with the release build's folder as its argument
run_counted() {
  report=$root/build/$1.log
  echo "bootstrap: $1"
  "$root/$2" "$root/build" 2>&1 | tee "$report"
  add_counts "$1"
}

# Adds what the last line of a script's report says.
add_counts() {
  report=$root/build/$1.log
  counts=$(sed -n "s/^$1: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p" "$report" | tail -n 1)
  # Without a count it did not run to its end.
  counts=${counts:-0 1}
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

# Are the tools there?  Where not, that is counted.  usage: has_tools "TOOL..." NAME
has_tools() {
  for tool in $1; do
    command -v "$tool" >/dev/null 2>&1 && continue
    if [ "${ALL_TOOLS:-0}" != 0 ]; then
      echo "bootstrap: $2: there is no $tool here" >&2
      failed=$((failed + 1))
    else
      echo "bootstrap: skipped $2: there is no $tool here"
      skipped_parts=$((skipped_parts + 1))
    fi
    return 1
  done
}

# run_counted() where the tools are there.  usage: run_with "TOOL..." NAME SCRIPT
run_with() {
  if has_tools "$1" "$2"; then run_counted "$2" "$3"; fi
}

# What leaves a core idle, or needs a minute of the clock, runs behind everything else: the scripts
# in `behind`, a line with name and script for each, one after the other.
behind=
add_behind() {
  if has_tools "$1" "$2"; then
    behind="$behind$2 $3
"
  fi
}

start_behind() {
  printf %s "$behind" | while read -r name script; do
    nice -n 5 "$root/$script" "$root/build" >"$root/build/$name.log" 2>&1 </dev/null || true
  done &
}

finish_behind() {
  wait
  for name in $(printf %s "$behind" | cut -d ' ' -f 1); do
    echo "bootstrap: $name"
    cat "$root/build/$name.log"
    add_counts "$name"
  done
}

skipped_parts=0

run_tests() {
  build release "$root/build"
  # First what takes one core, so that the end of it all has work for every core.
  add_behind "valgrind" valgrind tests/valgrind/run.sh
  add_behind "clang++" fuzz tests/fuzz/test.sh
  add_behind "cmake" threads tests/threads/run.sh
  add_behind "clang-tidy cppcheck" static tests/static/run.sh
  start_behind
  run_ctest "$root/build"
  if "$root/tests/consumer/run.sh" "$root/build"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  # What C++ gets of the recorded loops, so must every language, to the bit.
  SCHED_CONFORMANCE_BITS=$("$root/tests/conformance/bits.sh" "$root/build")
  export SCHED_CONFORMANCE_BITS
  run_with "cargo" rust bindings/rust/test.sh
  run_with "javac" java bindings/java/test.sh
  run_with "dotnet mono mcs" csharp bindings/csharp/test.sh
  run_with "go" go bindings/go/test.sh
  run_counted readme tests/readme/loops.sh
  run_with "aarch64-linux-gnu-g++ qemu-aarch64" arm64 tests/arm64/run.sh
  build asan "$root/build-asan"
  run_ctest "$root/build-asan"
  finish_behind
  if [ "$skipped_parts" -gt 0 ]; then echo "bootstrap: $skipped_parts skipped"; fi
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

# ------------------------------------------------------------------- commands

command=${1:-help}
if [ $# -gt 0 ]; then shift; fi
# The lists of packages are words.
# shellcheck disable=SC2086
case $command in
  build)
    install_missing $packages
    print_versions $packages
    build release "$root/build"
    ;;
  demo)
    install_missing $packages
    print_versions $packages
    build release "$root/build"
    exec "$root/build/bin/sched" demo "$@"
    ;;
  bench)
    install_missing $packages
    build release "$root/build"
    exec "$root/build/bin/sched_bench" "$@"
    ;;
  test)
    install_missing $packages $test_packages
    print_versions $packages $test_packages
    run_tests
    ;;
  packages)
    printf '%-24s %-30s %-6s %s\n' package version for licence
    print_table build $packages
    print_table tests $test_packages
    ;;
  help | -h | --help)
    usage
    ;;
  *)
    echo "bootstrap: unknown command '$command'" >&2
    usage >&2
    exit 2
    ;;
esac

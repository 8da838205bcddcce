#!/bin/sh
# Runs every fuzzer for some minutes, two at a time, after the inputs that are kept.
# usage: run.sh MINUTES [BUILD_DIR]
#   BUILD_DIR    of the preset `fuzz`, build-fuzz unless said; it is built where need be
#   TARGETS      in the environment: some of them
#   NEW_CORPUS   in the environment: a folder that keeps what is found for the next run
# Inputs that break something are left in BUILD_DIR/fuzz.  The last line is
# "fuzz: N passed, M failed", a test for each target; the exit code is 0 where none failed.
set -u

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
case ${1:-} in
  '' | *[!0-9.]*) echo "usage: run.sh MINUTES [BUILD_DIR]" >&2; exit 2 ;;
esac
seconds=$(awk -v minutes="$1" 'BEGIN {print int(60 * minutes)}')
build=${2:-$source/build-fuzz}
work=$build/fuzz
new=${NEW_CORPUS:-$work/corpus}
. "$here/../check.sh"

targets=${TARGETS:-sequence state config init composition recorded_loop pipeline_cache}

configure() {
  (cd "$source" && cmake --preset fuzz -B "$build" -DSCHED_WERROR=ON) >"$work/build.log" 2>&1 &&
    cmake --build "$build" --parallel "${JOBS:-$(nproc)}" >>"$work/build.log" 2>&1 || {
    cat "$work/build.log"
    return 1
  }
}

# Regressions and corpus once, then on from there.  Writes NAME.log and NAME.status.
fuzz() {
  name=fuzz_$1
  found=$work/found/$name
  rm -rf "$found" && mkdir -p "$found" "$new/$name"
  kept=
  for folder in "$here/corpus/$name" "$here/regressions/$name"; do
    [ -d "$folder" ] && kept="$kept $folder"
  done
  longest=2048
  words=
  case $1 in
    recorded_loop) longest=8192 words=-dict=$here/config.dict ;;
    config) words=-dict=$here/config.dict ;;
  esac
  # The folders are words.
  # shellcheck disable=SC2086
  ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    OPENBLAS_NUM_THREADS=1 "$build/bin/$name" -max_total_time="$seconds" -max_len=$longest \
    -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -artifact_prefix="$found/" \
    -len_control=0 $words -print_final_stats=1 "$new/$name" $kept >"$work/$1.log" 2>&1
  echo $? >"$work/$1.status"
}

# One of two lines of targets.
fuzz_each() {
  for each in "$@"; do
    case " $targets " in *" $each "*) fuzz "$each" ;; esac
  done
}

# A line of the table, and the last part of what was said where it failed.
report() {
  log=$work/$1.log
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  line=$(grep 'cov: ' "$log" | tail -n 1)
  edges=$(echo "$line" | sed -n 's/.*cov: \([0-9]*\).*/\1/p')
  corpus=$(echo "$line" | sed -n 's/.*corp: \([^ ]*\).*/\1/p')
  printf '%-15s %12s %8s %14s  %s\n' "$1" "${executions:--}" "${edges:--}" "${corpus:--}" \
    "$([ "$(cat "$work/$1.status")" = 0 ] && echo passed || echo FAILED)"
}

passed_alone() {
  [ "$(cat "$work/$1.status")" = 0 ] && return 0
  tail -n 60 "$work/$1.log"
  return 1
}

mkdir -p "$work" || exit 2
check build configure
[ "$failed" -eq 0 ] || finish fuzz
passed=0
rm -f "$work"/*.status
# The slow ones lie apart.
fuzz_each sequence config composition pipeline_cache &
fuzz_each state init recorded_loop
wait
echo "$seconds s for each target"
printf '%-15s %12s %8s %14s\n' target executions edges corpus
for target in $targets; do report "$target"; done
for target in $targets; do check "$target" passed_alone "$target"; done
finish fuzz

#!/bin/sh
# Runs the tests of threads under ThreadSanitizer, in four processes.
# usage: run.sh BUILD_DIR     writes BUILD_DIR-tsan
# The last line is "threads: N passed, M failed"; the exit code is 0 where none failed.
set -u

source=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:?usage: run.sh BUILD_DIR}
build=${build%/}-tsan
mkdir -p "$build" || exit 2
. "$source/tests/check.sh"

make_tests() {
  (cd "$source" && cmake --preset tsan -B "$build" -DSCHED_WERROR=ON) >"$build/build.log" 2>&1 &&
    cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target api_threads_test \
      >>"$build/build.log" 2>&1 || {
    cat "$build/build.log"
    return 1
  }
}

# Every method by sixteen threads, a state in use, every kind of caller, and steps in parts for a
# method of each kind.  Not the tests that fork, which ThreadSanitizer cannot follow, nor those that
# count threads, of which it has one itself; large steps take it minutes.
tests=StateInUse.*:*Shared.*:Pool.TwoThreads*:Threads.SmallItems:Threads.EveryCaller*
for method in ddim dpm euler_ancestral our_dpmpp_sde dpm_adaptive; do
  tests=$tests:*Threaded.*/$method:*InBatches.*/$method
done

run_part() {
  GTEST_TOTAL_SHARDS=4 GTEST_SHARD_INDEX=$1 TSAN_OPTIONS="halt_on_error=1" timeout 900 \
    "$build/bin/api_threads_test" --gtest_brief=1 --gtest_filter="$tests" >"$build/part.$1.log" 2>&1
  echo $? >"$build/part.$1.status"
}

passed_alone() {
  [ "$(cat "$build/part.$1.status")" = 0 ] && grep -q '\[  PASSED  \] [1-9]' "$build/part.$1.log" &&
    return 0
  tail -n 80 "$build/part.$1.log"
  return 1
}

check build make_tests
[ "$failed" -eq 0 ] || finish threads
rm -f "$build"/part.*
{ run_part 0; run_part 1; } &
run_part 2
run_part 3
wait
for part in 0 1 2 3; do check "part $part" passed_alone "$part"; done
finish threads

#!/bin/sh
# Which lines of core/ the tests of C and C++ run: builds them with GCC's counters, runs them, and
# prints a table of the folders and every line that nothing ran.  tests/coverage/uncovered.md says
# why of those.  Fails where fewer than 95 % of the lines run.
# usage: run.sh [BUILD_DIR]     default: build-coverage; needs gcovr, and takes eleven minutes on two
# cores
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$source/build-coverage}
jobs=${JOBS:-$(nproc)}
least=95

command -v gcovr >/dev/null 2>&1 || {
  echo "coverage: there is no gcovr here" >&2
  exit 2
}

(cd "$source" && cmake --preset coverage -B "$build") >/dev/null
cmake --build "$build" --parallel "$jobs"
find "$build" -name '*.gcda' -delete
# What is left out runs the same lines once more, or another build of them.
(cd "$build" && ctest --parallel "$jobs" --output-on-failure -E \
  '^(convergence|demo|golden\.vulkan|readme|vulkan_none|example|symbols|abi_previous|abi_interface|sbom)')

gcovr --root "$source" --filter "$source/core/" --json "$build/coverage.json" "$build/core"

# A line of an object that nothing ran may have run in another.
gcovr --root "$source" --add-tracefile "$build/coverage.json" --csv "$build/coverage.csv"
awk -F , '
  NR == 1 {for (i = 1; i <= NF; ++i) column[$i] = i; next}
  {
    folder = $column["filename"]
    sub("/[^/]*$", "", folder)
    all[folder] += $column["line_total"]; ran[folder] += $column["line_covered"]
  }
  END {for (f in all) printf "%-16s %6d of %6d lines  %5.1f %%\n", f, ran[f], all[f], 100 * ran[f] / all[f]}
' "$build/coverage.csv" | sort
gcovr --root "$source" --add-tracefile "$build/coverage.json" --txt "$build/coverage.txt" \
  --print-summary --fail-under-line "$least" >"$build/summary.txt" && status=0 || status=$?
# Where lines are missing, the last column says which.  A long name stands on a line of its own.
awk '
  /^core\// {name = $1}
  $NF ~ /^[0-9][0-9,-]*$/ && $(NF - 1) ~ /%$/ {print name ": " $NF}
' "$build/coverage.txt"
cat "$build/summary.txt"
exit "$status"

#!/bin/sh
# The fuzzers as a test of ./bootstrap.sh: SCHED_FUZZ_SECONDS (60) for each target.
# usage: test.sh BUILD_DIR      writes BUILD_DIR-fuzz
set -eu

minutes=$(awk -v seconds="${SCHED_FUZZ_SECONDS:-60}" 'BEGIN {print seconds / 60}')
exec "$(dirname "$0")/run.sh" "$minutes" "${1%/}-fuzz"

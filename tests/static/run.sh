#!/bin/sh
# Runs clang-tidy and cppcheck over the library, its headers and the examples.
# usage: run.sh BUILD_DIR [deep]     a build of the preset `release`: its compile_commands.json
#
# `deep` adds Clang's analyzer, which takes longer than all the rest.  Every file that clang-tidy
# reads is a test, and cppcheck is one.
# The last line is "static: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -lt 1 ] || [ ! -f "$1/compile_commands.json" ]; then
  echo "usage: run.sh BUILD_DIR [deep] (a directory with compile_commands.json in it)" >&2
  exit 2
fi
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1/static" || exit 2
work=$(cd "$1/static" && pwd)
# Not Padding, which orders members by size and not by sense; nor what calls memcpy unsafe, what
# asks for whole numbers along the axes of charts, and what stb does.
deep_checks=clang-analyzer-*,-clang-analyzer-optin.p*
deep_checks=$deep_checks,-clang-analyzer-security.FloatLoopCounter
deep_checks=$deep_checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling
checks=
if [ "${2:-}" = deep ]; then checks=$deep_checks; fi
jobs=${JOBS:-$(nproc)}
. "$source/tests/check.sh"

# The compiler's commands as Clang takes them: without what only GCC knows, and with the standard
# that GCC takes without being told.
sed -e 's/ -mmem[a-z]*-strategy=[^ "]*//g' -e 's/ -c \([^ "]*\.cpp\)/ -std=c++17 -c \1/' \
  "$1/compile_commands.json" >"$work/compile_commands.json" || exit 2

tidy_files() {
  sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$work/compile_commands.json" |
    grep -E "^$source/(core|examples)/" | sort -u
  ls "$source"/include/sched/*.hpp
}

# One line for each file; before it what is wrong there.
run_tidy() {
  tidy_files | xargs -P "$jobs" -I {} sh -c '
    found=$(clang-tidy --quiet -p "$1" ${2:+--checks="$2"} "$3" 2>&1) && echo "clean: $3" ||
      echo "$found
FAILED: $3"' sh "$work" "$checks" {}
}

# Not the vectors of GCC and Clang, which it does not know: it takes their use for mistakes.
run_cppcheck() {
  cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet \
    --suppressions-list="$source/tests/static/cppcheck.txt" --suppress=missingIncludeSystem \
    --language=c++ --std=c++17 -j "$jobs" -I "$source/include" \
    -i "$source/core/kernel/fused_baseline.cpp" -i "$source/core/kernel/fused_x86_64_v3.cpp" \
    -i "$source/core/kernel/fused_x86_64_v4.cpp" \
    "$source/core" "$source/include" "$source/examples"
}

check cppcheck run_cppcheck
run_tidy >"$work/tidy.log"
grep -v -e '^clean: ' -e ' warnings* generated' "$work/tidy.log"
passed=$((passed + $(grep -c '^clean: ' "$work/tidy.log")))
failed=$((failed + $(grep -c '^FAILED: ' "$work/tidy.log")))
# Without files it looked at nothing.
check files [ "$passed" -gt 100 ]
finish static

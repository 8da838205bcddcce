#!/bin/sh
# What a machine without Vulkan sees: the CPU's kernels work, the Vulkan kernel says in one
# sentence what is missing, and a build without the shader compiler says that it has none.
# usage: run.sh SCHED SOURCE_DIR GENERATOR
set -eu
sched=$1 source=$2 generator=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "vulkan_none: $*" >&2
  exit 1
}

# A loader that finds no driver; the name of the variable changed with its version 1.3.207.
VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent
export VK_DRIVER_FILES VK_ICD_FILENAMES

"$sched" demo --samples 1 --out "$work/cpu" >"$work/cpu.log" 2>&1 ||
  fail "the demo failed on the CPU: $(cat "$work/cpu.log")"
if "$sched" demo --samples 1 --kernel vulkan --out "$work/vulkan" >"$work/vulkan.log" 2>&1; then
  fail "the demo found a Vulkan device where there is none"
fi
errors=$(grep -v ' note: ' "$work/vulkan.log")
[ "$errors" = "sched demo: this machine has a Vulkan loader but no Vulkan driver" ] ||
  fail "without a driver it said: $errors"
echo "$errors"

cmake -S "$source" -B "$work/build" -G "$generator" -DSCHED_GLSLANG= -DSCHED_TESTS=OFF \
  -DSCHED_EXAMPLES=OFF >"$work/configure.log" 2>&1 ||
  fail "configuring without a shader compiler failed: $(cat "$work/configure.log")"
grep 'no Vulkan kernel in this build: SCHED_GLSLANG was not found' "$work/configure.log" ||
  fail "configuring without a shader compiler did not say so"
